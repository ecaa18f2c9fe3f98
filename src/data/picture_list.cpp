#include "data/picture_list.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/excerpt.h"
#include "base/file.h"
#include "base/glob.h"
#include "vision/decode.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMaxListBytes = size_t{256} << 20;

constexpr int kMostLevels = 64;
constexpr size_t kMostPictures = 10'000'000;

// `visited`: the folders that were looked at; null: those below are not.
Result<void> walk(const fs::path& folder, std::set<fs::path>* visited, int level,
                  std::vector<fs::path>& pictures) {
  if (level > kMostLevels)
    return input_error(shown_path(folder) + ": folders nested more than " +
                       std::to_string(kMostLevels) + " deep");
  std::error_code error;
  const fs::path real = fs::canonical(folder, error);
  if (visited && !error && !visited->insert(real).second) return {};
  fs::directory_iterator it(folder, error);
  for (const fs::directory_iterator end; !error && it != end; it.increment(error)) {
    const fs::path& path = it->path();
    if (path.filename().native().starts_with('.')) continue;
    std::error_code ignored;
    if (it->is_directory(ignored)) {
      if (visited) SHRIKE_TRY(walk(path, visited, level + 1, pictures));
    } else if (has_picture_name(path)) {
      pictures.push_back(path);
    }
  }
  if (error) return input_error("cannot read folder " + folder.string() + ": " + error.message());
  return {};
}

Result<std::vector<fs::path>> read_list(const fs::path& list, const fs::path& base,
                                        std::vector<fs::path>& lists) {
  SHRIKE_ASSIGN(const std::string text, read_text(list, ErrorKind::kInput, kMaxListBytes));
  lists.push_back(list);
  std::vector<fs::path> pictures;
  std::map<std::string_view, int> seen;
  for (const std::string_view line : lines_of(text)) {
    if (++seen[line] > 2) continue;  // that it is there twice is told once
    if (pictures.size() == kMostPictures)
      return input_error(shown_path(list) + ": more than " + std::to_string(kMostPictures) +
                         " pictures");
    const fs::path named(line);
    fs::path path = list.parent_path() / named;
    std::error_code error;
    if (!line.starts_with("./") && !fs::exists(path, error) && fs::exists(base / named, error))
      path = base / named;
    pictures.push_back(path.lexically_normal());
  }
  return pictures;
}

Result<std::vector<fs::path>> pictures_at(const fs::path& path, const fs::path& base,
                                          std::vector<fs::path>& lists) {
  std::error_code error;
  if (fs::is_directory(path, error)) return pictures_below(path);
  if (has_picture_name(path)) return std::vector<fs::path>{path};
  return read_list(path, base, lists);
}

}  // namespace

Result<std::vector<fs::path>> pictures_below(const fs::path& folder) {
  std::vector<fs::path> pictures;
  std::set<fs::path> visited;
  SHRIKE_TRY(walk(folder, &visited, 0, pictures));
  std::sort(pictures.begin(), pictures.end());
  return pictures;
}

Result<std::vector<fs::path>> pictures_in(const fs::path& folder) {
  std::vector<fs::path> pictures;
  SHRIKE_TRY(walk(folder, nullptr, 0, pictures));
  std::sort(pictures.begin(), pictures.end());
  return pictures;
}

Result<std::vector<fs::path>> list_pictures(const fs::path& base, const std::string& entry,
                                            std::vector<fs::path>& lists) {
  const fs::path path = (base / entry).lexically_normal();
  std::error_code error;
  if (fs::exists(path, error)) return pictures_at(path, base, lists);
  if (!has_wildcard(entry)) return input_error("no such file or folder: " + shown_path(path));
  std::vector<fs::path> matches = matching_paths(path.string());
  const auto is_list = [](const fs::path& match) {
    std::error_code ignored;
    return !fs::is_directory(match, ignored) && !has_picture_name(match);
  };
  // Beside pictures lie their labels, and notes.
  if (!std::all_of(matches.begin(), matches.end(), is_list)) std::erase_if(matches, is_list);
  std::vector<fs::path> pictures;
  for (const fs::path& match : matches) {
    SHRIKE_ASSIGN(const std::vector<fs::path> some, pictures_at(match, base, lists));
    pictures.insert(pictures.end(), some.begin(), some.end());
  }
  if (pictures.empty()) return input_error("no picture matches " + shown_path(path));
  return pictures;
}

bool leads_out(const fs::path& name) {
  return name.is_absolute() || std::find(name.begin(), name.end(), "..") != name.end();
}

std::vector<std::string_view> lines_of(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\f\v", kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t first = line.find_first_not_of(kSpace);
    if (first == std::string_view::npos) continue;
    lines.push_back(line.substr(first, line.find_last_not_of(kSpace) - first + 1));
  }
  return lines;
}

std::vector<fs::path> files_ending(const fs::path& folder, std::string_view ending) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->path().native().ends_with(ending) && it->is_regular_file(ignored))
      files.push_back(it->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace shrike
