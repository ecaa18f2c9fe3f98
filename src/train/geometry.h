// Windows and their padding as LibTorch takes them. Private to train.
#pragma once

#include <cstdint>
#include <vector>

#include "base/shape.h"
#include "reference/window.h"

namespace shrike::train {

// Vertical, horizontal. `before` and `after` are elements of padding, whatever the node's way of
// saying so (pads, auto_pad, ceil_mode), such that the windows give exactly `out` elements.
struct Windows {
  std::vector<int64_t> kernel, stride, dilation, before, after;

  bool symmetric() const { return before == after; }
  // As at::constant_pad_nd takes it: left, right, top, bottom.
  std::vector<int64_t> pad_list() const { return {before[1], after[1], before[0], after[0]}; }
};

template <typename T>
Windows windows_of(const T& op, std::vector<int64_t> kernel, std::vector<int64_t> dilation,
                   const Shape& in, const Shape& out) {
  Windows w{std::move(kernel), op.strides, std::move(dilation), {}, {}};
  bool says_padding = op.auto_pad == AutoPad::kNotSet;
  if constexpr (requires { op.ceil_mode; }) says_padding = says_padding && op.ceil_mode == 0;
  for (size_t axis = 0; axis < 2; ++axis) {
    const int a = static_cast<int>(axis) + 2;
    const reference::Window window =
        reference::window_of(op, axis, w.kernel[axis], w.dilation[axis], in[a], out[a]);
    const int64_t last = window.at(out[a] - 1, window.kernel - 1);
    w.before.push_back(window.pad);
    w.after.push_back(says_padding ? op.pads[axis + 2] : std::max<int64_t>(0, last + 1 - in[a]));
  }
  return w;
}

}  // namespace shrike::train
