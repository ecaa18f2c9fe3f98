// Numbers of label files, whatever the locale.
//
// In long doubles, so that a box that is written as fractions of the picture's sides, or with
// other corners, comes back to the bit wherever it has no more than a double's digits left: a
// 32 x 32 box must not become one of 31.999999999999996, which counts as smaller than COCO's 32^2.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shrike {

// The whole text as a finite decimal number ("3", "-0.5", "+1e-3"), or nothing.
std::optional<long double> parse_number(std::string_view text);

// A whole number of 64 bits ("3", and "3.0" as some tools write), or nothing.
std::optional<long long> parse_whole(std::string_view text);

// The shortest text that reads back as the same long double, or double. Requires a finite value.
std::string number_text(long double value);
std::string number_text(double value);

}  // namespace shrike
