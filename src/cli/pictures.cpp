#include "cli/pictures.h"

#include <algorithm>
#include <set>

#include "base/glob.h"
#include "vision/decode.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

Result<std::vector<fs::path>> pictures_in(const fs::path& folder) {
  std::vector<fs::path> pictures;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    const fs::path name = it->path().filename();
    if (has_picture_name(name) && name.native()[0] != '.' && !it->is_directory(ignored))
      pictures.push_back(it->path());
  }
  if (error) return input_error("cannot read folder " + folder.string() + ": " + error.message());
  if (pictures.empty()) return input_error("no pictures in folder " + folder.string());
  std::sort(pictures.begin(), pictures.end());
  return pictures;
}

Result<std::vector<fs::path>> expand(const std::string& word) {
  std::error_code error;
  if (fs::is_directory(word, error)) return pictures_in(word);
  if (fs::exists(fs::symlink_status(word, error))) return std::vector<fs::path>{word};
  if (!has_wildcard(word)) return input_error("no such file: " + word);
  std::vector<fs::path> matches = matching_paths(word);
  std::erase_if(matches, [&](const fs::path& p) { return fs::is_directory(p, error); });
  if (matches.empty()) return input_error("no file matches " + word);
  return matches;
}

}  // namespace

PictureList find_pictures(const std::vector<std::string>& words) {
  PictureList list;
  std::set<fs::path> seen;
  for (const std::string& word : words) {
    const Result<std::vector<fs::path>> paths = expand(word);
    if (!paths) {
      list.errors.push_back(paths.error());
      continue;
    }
    for (const fs::path& path : *paths)
      if (seen.insert(path.lexically_normal()).second) list.paths.push_back(path);
  }
  return list;
}

}  // namespace shrike
