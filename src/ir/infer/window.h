// What rules of operators that slide a window over (N, C, H, W) share. Private to ir/infer.
#pragma once

#include <array>

#include "ir/infer/rules.h"

namespace shrike::infer {

// Strides, pads and the like come from files: bounded so that no sum of them can overflow.
inline constexpr int64_t kMaxWindow = int64_t{1} << 24;

// A window along one axis.
struct Window {
  int64_t kernel, stride, pad_begin, pad_end, dilation;
  AutoPad auto_pad = AutoPad::kNotSet;
  bool ceil_mode = false;
};
using Windows = std::array<Window, 2>;  // vertical, horizontal

// Errors where a member is out of range.
Result<void> expect_valid(const Inputs& in, const Windows& windows);

// Input 0's shape, which must have four axes; four unknown extents while it is not known, so that a
// rule checks all that does not depend on them.
Result<Shape> feature_map(const Inputs& in);

// (N, channels, H', W') of windows that slide over x. Requires valid windows.
Result<Outputs> slide(const Inputs& in, const Shape& x, int64_t channels, const Windows& windows);

template <typename T>
bool has_two_axes(const T& op) {
  return op.strides.size() == 2 && op.pads.size() == 4;
}

}  // namespace shrike::infer
