// Which taps of a sliding window meet the map.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/sizes.h"

namespace shrike::kernels {

struct Range {
  int64_t begin, end;  // empty where equal

  int64_t size() const { return end - begin; }
};

// The taps t < kernel with 0 <= origin + t * dilation < extent.
inline Range taps_inside(int64_t origin, int64_t kernel, int64_t dilation, int64_t extent) {
  const int64_t below = origin < 0 ? divide_up(-origin, dilation) : 0;
  const int64_t begin = std::min(below, kernel);
  const int64_t end = origin < extent ? divide_up(extent - origin, dilation) : 0;
  return {begin, std::clamp(end, begin, kernel)};
}

}  // namespace shrike::kernels
