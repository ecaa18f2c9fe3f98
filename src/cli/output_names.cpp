#include "cli/output_names.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace shrike {

namespace fs = std::filesystem;

namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::vector<std::string> output_stems(const std::vector<fs::path>& pictures) {
  // Own names first, so that a picture that is really called "1_2.jpg" keeps its name.
  std::set<std::string> taken;
  for (const fs::path& picture : pictures) taken.insert(picture.stem().string());
  std::set<std::string> given;
  std::vector<std::string> stems;
  for (const fs::path& picture : pictures) {
    const std::string own = picture.stem().string();
    std::string stem = own;
    if (!given.insert(own).second) {
      for (int number = 2; !taken.insert(stem).second; ++number)
        stem = own + "_" + std::to_string(number);
    }
    stems.push_back(stem);
  }
  return stems;
}

fs::path annotated_path(const fs::path& folder, const std::string& stem, const fs::path& picture,
                        const std::vector<fs::path>& pictures) {
  std::string ending = picture.extension().string();
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (ending != ".png") ending = ".jpg";
  const fs::path path = folder / (stem + ending);
  std::error_code missing;
  if (!fs::exists(path, missing)) return path;
  const auto is_it = [&](const fs::path& other) {
    std::error_code error;
    return fs::equivalent(path, other, error) && !error;
  };
  if (std::any_of(pictures.begin(), pictures.end(), is_it))
    return folder / (stem + "_boxes" + ending);
  return path;
}

std::string safe_file_name(std::string_view name) {
  std::string safe(name);
  for (char& c : safe)
    if (!is_letter_or_digit(c) && c != '.' && c != '_' && c != '-') c = '_';
  if (safe.empty()) return "_";
  if (safe[0] == '.') safe[0] = '_';
  return safe;
}

}  // namespace shrike
