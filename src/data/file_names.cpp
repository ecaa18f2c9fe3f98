#include "data/file_names.h"

#include <algorithm>

#include "base/utf8.h"
#include "vision/decode.h"

namespace shrike {

namespace {

// Every byte that makes a name useless somewhere, as '_'.
std::string plain(std::string name) {
  if (name.empty()) return name;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // a list may begin with one
  if (name.starts_with(kByteOrderMark)) name.replace(0, kByteOrderMark.size(), "_");
  for (size_t i = 0; i < name.size();) {
    const size_t count = utf8_character_bytes(std::string_view(name).substr(i));
    const size_t bad = count == 0 ? 1 : control_character_bytes(std::string_view(name).substr(i));
    for (size_t k = 0; k < bad; ++k) name[i + k] = '_';
    i += count == 0 ? 1 : count;
  }
  if (name.front() == ' ' || name.front() == '.') name.front() = '_';
  if (name.back() == ' ') name.back() = '_';
  return name;
}

}  // namespace

std::string FileNames::new_name(const std::filesystem::path& picture) {
  // Without a known ending there is none: what stands behind the last dot may tell pictures apart.
  const bool known = has_picture_name(picture);
  const std::string ending = known ? picture.extension().string() : std::string();
  std::string stem = plain(known ? picture.stem().string() : picture.filename().string());
  if (!known) std::replace(stem.begin(), stem.end(), '.', '_');
  std::string unique = stem;
  for (int i = 2; !stems_.insert(unique).second; ++i) unique = stem + "_" + std::to_string(i);
  return unique + ending;
}

}  // namespace shrike
