// A data set in two halves by the pictures' names, so that what is tuned on one is judged on the
// other, whoever does it, when and in whatever order the pictures come.
#pragma once

#include <filesystem>

namespace shrike {

// By the 64-bit FNV-1a hash of the name without folder and ending, its bits joined by XOR: copies
// of a picture in other formats lie in the same half. About half of the names are in the first.
bool in_first_half(const std::filesystem::path& picture);

}  // namespace shrike
