#include "cli/pictures.h"

#include <glob.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace shrike {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPictureEndings[] = {".jpg", ".jpeg", ".png", ".webp", ".bmp",
                                                ".ppm", ".pgm",  ".pbm", ".pnm"};

class Matches {
 public:
  explicit Matches(const std::string& pattern) {
    found_ = ::glob(pattern.c_str(), 0, nullptr, &glob_) == 0;
  }
  Matches(const Matches&) = delete;
  Matches& operator=(const Matches&) = delete;
  ~Matches() { ::globfree(&glob_); }

  std::vector<fs::path> paths() const {
    std::vector<fs::path> result;
    for (size_t i = 0; found_ && i < glob_.gl_pathc; ++i) result.emplace_back(glob_.gl_pathv[i]);
    return result;
  }

 private:
  glob_t glob_ = {};
  bool found_ = false;
};

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
  if (word.find_first_of("*?[") == std::string::npos) return input_error("no such file: " + word);
  std::vector<fs::path> matches = Matches(word).paths();
  std::erase_if(matches, [&](const fs::path& p) { return fs::is_directory(p, error); });
  if (matches.empty()) return input_error("no file matches " + word);
  return matches;
}

}  // namespace

bool has_picture_name(const fs::path& path) {
  std::string ending = path.extension().string();
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(std::begin(kPictureEndings), std::end(kPictureEndings), ending) !=
         std::end(kPictureEndings);
}

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
