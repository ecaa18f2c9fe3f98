// A data set in two parts by the pictures' names, so that what is tuned on one is judged on the
// other, whoever does it, when and in whatever order the pictures come. By the 64-bit FNV-1a hash
// of the name without folder and ending: copies of a picture in other formats lie in the same part.
#pragma once

#include <filesystem>
#include <vector>

namespace shrike {

// The hash's bits joined by XOR. About half of the names are in the first.
bool in_first_half(const std::filesystem::path& picture);

// Of each picture whether it is held out: the nearest whole number to `share` (0..1) of them, those
// whose hash, its bits mixed as SplitMix64 does, is smallest. A larger share holds a smaller one.
std::vector<bool> held_out(const std::vector<std::filesystem::path>& pictures, double share);

}  // namespace shrike
