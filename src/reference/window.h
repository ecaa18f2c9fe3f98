// Sliding windows along one axis, for convolutions and pools.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ir/ops/feature_map.h"

namespace shrike::reference {

struct Window {
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad = 0;  // before the first element

  // Input index of tap k of output o; it may lie in the padding.
  int64_t at(int64_t o, int64_t k) const { return o * stride - pad + k * dilation; }

  // The outputs in 0..out-1 whose tap k lies inside the `in` elements: first, and one past the
  // last.
  struct Span {
    int64_t begin, end;
  };
  Span inside(int64_t k, int64_t in, int64_t out) const {
    const int64_t offset = k * dilation - pad;
    const auto reach = [&](int64_t limit) {  // outputs o with o * stride + offset < limit
      return limit <= offset ? 0 : std::min(out, (limit - offset + stride - 1) / stride);
    };
    const int64_t begin = reach(0);
    return {begin, std::max(begin, reach(in))};
  }
};

// Axis 0 is vertical, 1 horizontal; `in` and `out` are its extents. SAME pads so that
// out = ceil(in / stride), the odd element at the end (UPPER) or the beginning (LOWER).
template <typename T>
Window window_of(const T& op, size_t axis, int64_t kernel, int64_t dilation, int64_t in,
                 int64_t out) {
  Window window{kernel, op.strides[axis], dilation, op.pads[axis]};
  if (op.auto_pad == AutoPad::kValid) {
    window.pad = 0;
  } else if (op.auto_pad != AutoPad::kNotSet) {
    const int64_t total =
        std::max<int64_t>(0, (out - 1) * window.stride + (kernel - 1) * dilation + 1 - in);
    window.pad = op.auto_pad == AutoPad::kSameUpper ? total / 2 : total - total / 2;
  }
  return window;
}

}  // namespace shrike::reference
