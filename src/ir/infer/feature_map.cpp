// Pools and resizes, and the window that convolutions slide, too.
#include <cmath>

#include "ir/infer/window.h"

namespace shrike::infer {

namespace {

// Windows that fit; nothing when none does.
std::optional<int64_t> extent(int64_t in, const Window& w) {
  if (in == kDynamic) return kDynamic;
  if (w.auto_pad == AutoPad::kSameUpper || w.auto_pad == AutoPad::kSameLower)
    return (in + w.stride - 1) / w.stride;
  const bool padded = w.auto_pad == AutoPad::kNotSet;
  const int64_t span =
      in + (padded ? w.pad_begin + w.pad_end : 0) - ((w.kernel - 1) * w.dilation + 1);
  if (span < 0) return std::nullopt;
  int64_t out = span / w.stride + 1;
  // With ceil_mode a last, partial window counts if it starts inside the input or its left pad.
  if (w.ceil_mode && span % w.stride != 0 && out * w.stride < in + w.pad_begin) ++out;
  return out;
}

template <typename T>
Result<Outputs> pool(const T& op, const std::vector<int64_t>& dilations, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 1));
  if (!has_two_axes(op) || op.kernel_shape.size() != 2 || dilations.size() != 2)
    return in.fail("attributes are not those of a two-dimensional window");
  SHRIKE_ASSIGN(const Shape x, feature_map(in));
  const auto window = [&](size_t axis) {
    return Window{op.kernel_shape[axis], op.strides[axis], op.pads[axis],    op.pads[axis + 2],
                  dilations[axis],       op.auto_pad,      op.ceil_mode != 0};
  };
  const Windows windows{window(0), window(1)};
  SHRIKE_TRY(expect_valid(in, windows));
  return slide(in, x, x[1], windows);
}

// Input 1, constant scales of (N, C, H, W), applied to y's last two extents.
Result<void> scale(const Inputs& in, const Tensor& scales, Shape& y) {
  if (scales.size() != 4) return in.fail("takes four scales");
  const std::span<const float> s = scales.data<float>();
  if (s[0] != 1 || s[1] != 1) return in.fail("may change only height and width");
  for (int axis = 2; axis < 4; ++axis) {
    const float factor = s[static_cast<size_t>(axis)];
    if (!(factor > 0) || factor > 1e6f) return in.fail("scale out of range");
    if (y[axis] == kDynamic) continue;
    // A product of floats, as ONNX Runtime has it: 10 * 0.7f is 7, in double it is less.
    const float extent = std::floor(static_cast<float>(y[axis]) * factor);
    if (extent > static_cast<float>(kLongestExtent)) return in.fail("the output is too large");
    y[axis] = static_cast<int64_t>(extent);
  }
  return {};
}

// Input 2, constant sizes, in place of y's last two extents.
Result<void> set_sizes(const Inputs& in, const std::vector<int64_t>& sizes, Shape& y) {
  if (sizes.size() != 4) return in.fail("takes four sizes");
  for (int axis = 0; axis < 4; ++axis) {
    const int64_t size = sizes[static_cast<size_t>(axis)];
    if (axis < 2 && y[axis] != kDynamic && y[axis] != size)
      return in.fail("may change only height and width");
    if (axis >= 2 && size < 1) return in.fail("the output would be empty");
    if (axis >= 2) y[axis] = size;
  }
  return {};
}

}  // namespace

Result<void> expect_valid(const Inputs& in, const Windows& windows) {
  const auto within = [](int64_t x, int64_t least) { return x >= least && x <= kMaxWindow; };
  for (const Window& w : windows)
    if (!within(w.kernel, 1) || !within(w.stride, 1) || !within(w.dilation, 1) ||
        !within(w.pad_begin, 0) || !within(w.pad_end, 0))
      return in.fail("kernel, stride, pad or dilation out of range");
  return {};
}

Result<Shape> feature_map(const Inputs& in) {
  if (!in.shape(0)) return Shape{kDynamic, kDynamic, kDynamic, kDynamic};
  if (in.shape(0)->rank() == 4) return *in.shape(0);
  return in.fail("takes a feature map (N, C, H, W), not " + to_string(*in.shape(0)) +
                 "; only two-dimensional pictures are supported");
}

Result<Outputs> slide(const Inputs& in, const Shape& x, int64_t channels, const Windows& windows) {
  const std::optional<int64_t> height = extent(x[2], windows[0]), width = extent(x[3], windows[1]);
  if (!height || !width) return in.fail("the window is larger than the input " + to_string(x));
  return one(in.dtype(0), Shape{x[0], channels, *height, *width});
}

Result<Outputs> infer(const MaxPool& op, const Inputs& in) { return pool(op, op.dilations, in); }
Result<Outputs> infer(const AveragePool& op, const Inputs& in) { return pool(op, {1, 1}, in); }

Result<Outputs> infer(const GlobalAveragePool&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 1));
  SHRIKE_ASSIGN(const Shape x, feature_map(in));
  return one(in.dtype(0), Shape{x[0], x[1], 1, 1});
}

Result<Outputs> infer(const Resize&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 3));
  SHRIKE_ASSIGN(const Shape x, feature_map(in));
  if (in.has(1) == in.has(2)) return in.fail("takes scales or sizes, one of the two");
  if (in.has(1) && in.dtype(1) != DType::kF32) return in.fail("takes scales of type f32");
  SHRIKE_TRY(in.expect_i64(2));
  Shape y = x;
  if (const Tensor* scales = in.constant(1)) {
    SHRIKE_TRY(scale(in, *scales, y));
  } else if (const auto sizes = in.ints(2)) {
    SHRIKE_TRY(set_sizes(in, *sizes, y));
  } else {
    y[2] = y[3] = kDynamic;
  }
  for (int axis = 2; axis < 4; ++axis)
    if (y[axis] != kDynamic && y[axis] < 1) return in.fail("the output would be empty");
  return one(in.dtype(0), std::move(y));
}

}  // namespace shrike::infer
