// What a file's name says.
#pragma once

#include <filesystem>
#include <string>

namespace shrike {

// ".jpg" of "a/B.JPG": the ending in small letters (of A to Z); empty where there is none.
inline std::string lower_ending(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  for (char& c : ending)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return ending;
}

}  // namespace shrike
