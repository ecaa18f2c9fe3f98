// What an integer that stands for a real number may be. Private to reference.
#pragma once

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/dtype.h"

namespace shrike::reference {

struct QuantizedRange {
  int64_t lowest, largest;
};

inline QuantizedRange range_of(DType type) {
  switch (type) {
    case DType::kU8:
      return {0, 255};
    case DType::kI8:
      return {-128, 127};
    case DType::kU16:
      return {0, 65535};
    default:
      assert(type == DType::kI16);
      return {-32768, 32767};
  }
}

// round(steps) + zero within the range, halves to the even neighbour; NaN is 0 steps.
template <typename T>
int64_t quantized(T steps, int64_t zero, QuantizedRange range) {
  // 2^20: more than any q needs, and no sum overflows.
  const T whole = steps == steps ? std::clamp(std::nearbyint(steps), T(-0x1p20), T(0x1p20)) : T(0);
  return std::clamp(static_cast<int64_t>(whole) + zero, range.lowest, range.largest);
}

}  // namespace shrike::reference
