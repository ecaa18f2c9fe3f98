// How the sizes of a family differ: depth (repeated blocks) and width (channels). Private to zoo.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace shrike::zoo {

struct Scale {
  double depth = 1, width = 1;
  int64_t most_channels = 1024;  // before the width is applied

  // Rounded up to a multiple of 8.
  int64_t channels(int64_t wanted) const {
    const double exact = static_cast<double>(std::min(wanted, most_channels)) * width;
    return static_cast<int64_t>(std::ceil(exact / 8)) * 8;
  }
  // Halves to even, at least one.
  int64_t repeats(int64_t wanted) const {
    return std::max<int64_t>(1, std::lrint(static_cast<double>(wanted) * depth));
  }
};

}  // namespace shrike::zoo
