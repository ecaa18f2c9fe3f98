#include <cmath>

#include "ir/infer/rules.h"

namespace shrike::infer {

namespace {

// Sliding window along one axis, as convolutions and pools share it.
struct Window {
  int64_t kernel, stride, pad_begin, pad_end, dilation;
  AutoPad auto_pad;
  bool ceil_mode;
};

// Strides, pads and the like come from files: bounded so that no sum of them can overflow.
constexpr int64_t kMaxWindow = int64_t{1} << 24;

bool valid(const Window& w) {
  const auto within = [](int64_t x, int64_t least) { return x >= least && x <= kMaxWindow; };
  return within(w.kernel, 1) && within(w.stride, 1) && within(w.dilation, 1) &&
         within(w.pad_begin, 0) && within(w.pad_end, 0);
}

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
bool has_two_axes(const T& op) {
  return op.strides.size() == 2 && op.pads.size() == 4;
}

Result<void> expect_rank4(const Inputs& in) {
  if (in.shape(0) && in.shape(0)->rank() != 4)
    return in.fail("takes a feature map (N, C, H, W), not " + to_string(*in.shape(0)) +
                   "; only two-dimensional pictures are supported");
  return {};
}

// (N, channels, H', W') of a window operator on a known input.
Result<Outputs> slide(const Inputs& in, int64_t channels, const Window& vertical,
                      const Window& horizontal) {
  if (!valid(vertical) || !valid(horizontal))
    return in.fail("kernel, stride, pad or dilation out of range");
  const Shape& x = *in.shape(0);
  const std::optional<int64_t> height = extent(x[2], vertical), width = extent(x[3], horizontal);
  if (!height || !width) return in.fail("the window is larger than the input " + to_string(x));
  return one(in.dtype(0), Shape{x[0], channels, *height, *width});
}

template <typename T>
Result<Outputs> pool(const T& op, const std::vector<int64_t>& dilations, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 1));
  if (!has_two_axes(op) || op.kernel_shape.size() != 2 || dilations.size() != 2)
    return in.fail("attributes are not those of a two-dimensional window");
  SHRIKE_TRY(expect_rank4(in));
  if (!in.shape(0)) return one(in.dtype(0), std::nullopt);
  const auto window = [&](size_t axis) {
    return Window{op.kernel_shape[axis], op.strides[axis], op.pads[axis],    op.pads[axis + 2],
                  dilations[axis],       op.auto_pad,      op.ceil_mode != 0};
  };
  return slide(in, (*in.shape(0))[1], window(0), window(1));
}

}  // namespace

Result<Outputs> infer(const Conv& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 4));
  if (!has_two_axes(op) || op.dilations.size() != 2)
    return in.fail("attributes are not those of a two-dimensional convolution");
  SHRIKE_TRY(expect_rank4(in));
  const std::optional<Shape>& w = in.shape(1);
  if (!in.shape(0) || !w) return one(in.dtype(0), std::nullopt);
  if (w->rank() != 4 || !w->is_static()) return in.fail("weights of shape " + to_string(*w));
  const int64_t channels = (*in.shape(0))[1];
  if (op.group < 1 || (*w)[0] < 1 || (*w)[0] % op.group != 0 ||
      (channels != kDynamic && (channels % op.group != 0 || (*w)[1] != channels / op.group)))
    return in.fail("weights " + to_string(*w) + " in " + std::to_string(op.group) +
                   " groups do not fit the input " + to_string(*in.shape(0)));
  if (in.has(2) && in.shape(2) && *in.shape(2) != Shape{(*w)[0]})
    return in.fail("bias of shape " + to_string(*in.shape(2)));
  const auto window = [&](size_t axis) {
    return Window{(*w)[static_cast<int>(axis) + 2],
                  op.strides[axis],
                  op.pads[axis],
                  op.pads[axis + 2],
                  op.dilations[axis],
                  op.auto_pad,
                  false};
  };
  SHRIKE_ASSIGN(Outputs y, slide(in, (*w)[0], window(0), window(1)));
  if (in.has(3) && in.shape(3) && *in.shape(3) != *y[0].shape)
    return in.fail("residual of shape " + to_string(*in.shape(3)));
  return y;
}

Result<Outputs> infer(const ConvTranspose& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 3));
  if (!has_two_axes(op) || op.dilations.size() != 2 || op.output_padding.size() != 2)
    return in.fail("attributes are not those of a two-dimensional convolution");
  SHRIKE_TRY(expect_rank4(in));
  const std::optional<Shape>& w = in.shape(1);
  if (!in.shape(0) || !w) return one(in.dtype(0), std::nullopt);
  const Shape& x = *in.shape(0);
  if (w->rank() != 4 || !w->is_static() || op.group < 1 || (*w)[0] % op.group != 0 ||
      (x[1] != kDynamic && x[1] != (*w)[0]))
    return in.fail("weights " + to_string(*w) + " do not fit the input " + to_string(x));
  const std::optional<int64_t> channels = checked_mul((*w)[1], op.group);
  if (!channels) return in.fail("too many channels");
  if (in.has(2) && in.shape(2) && *in.shape(2) != Shape{*channels})
    return in.fail("bias of shape " + to_string(*in.shape(2)));
  Shape y{x[0], *channels, kDynamic, kDynamic};
  for (int axis = 0; axis < 2; ++axis) {
    const size_t a = static_cast<size_t>(axis);
    const Window window{(*w)[axis + 2],  op.strides[a],    op.pads[a], op.pads[a + 2],
                        op.dilations[a], AutoPad::kNotSet, false};
    if (!valid(window) || op.output_padding[a] < 0 || op.output_padding[a] >= kMaxWindow)
      return in.fail("kernel, stride, pad or dilation out of range");
    if (x[axis + 2] == kDynamic) continue;
    const std::optional<int64_t> spread = checked_mul(x[axis + 2] - 1, window.stride);
    y[axis + 2] = !spread ? -1
                          : *spread + (window.kernel - 1) * window.dilation + 1 - window.pad_begin -
                                window.pad_end + op.output_padding[a];
    if (y[axis + 2] < 1) return in.fail("the output would be empty");
  }
  return one(in.dtype(0), std::move(y));
}

Result<Outputs> infer(const BatchNorm&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(5, 5));
  if (in.shape(0) && in.shape(0)->rank() < 2) return in.fail("takes at least two axes");
  for (size_t i = 1; i < 5; ++i)
    if (in.shape(0) && in.shape(i) && (*in.shape(0))[1] != kDynamic &&
        *in.shape(i) != Shape{(*in.shape(0))[1]})
      return in.fail("statistics of shape " + to_string(*in.shape(i)) + " for an input " +
                     to_string(*in.shape(0)));
  return like_first(in);
}

Result<Outputs> infer(const MaxPool& op, const Inputs& in) { return pool(op, op.dilations, in); }
Result<Outputs> infer(const AveragePool& op, const Inputs& in) { return pool(op, {1, 1}, in); }

Result<Outputs> infer(const GlobalAveragePool&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 1));
  SHRIKE_TRY(expect_rank4(in));
  if (!in.shape(0)) return one(in.dtype(0), std::nullopt);
  return one(in.dtype(0), Shape{(*in.shape(0))[0], (*in.shape(0))[1], 1, 1});
}

Result<Outputs> infer(const Resize&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 3));
  SHRIKE_TRY(expect_rank4(in));
  if (in.has(1) == in.has(2)) return in.fail("takes scales or sizes, one of the two");
  if (!in.shape(0)) return one(in.dtype(0), std::nullopt);
  const Shape& x = *in.shape(0);
  Shape y{x[0], x[1], kDynamic, kDynamic};
  if (const Tensor* scales = in.constant(1)) {
    if (scales->dtype() != DType::kF32 || scales->size() != 4) return in.fail("takes four scales");
    const std::span<const float> s = scales->data<float>();
    if (s[0] != 1 || s[1] != 1) return in.fail("may change only height and width");
    for (int axis = 2; axis < 4; ++axis) {
      const float scale = s[static_cast<size_t>(axis)];
      if (!(scale > 0) || scale > 1e6f) return in.fail("scale out of range");
      // A product of floats, as ONNX Runtime has it: 10 * 0.7f is 7, in double it is less.
      if (x[axis] != kDynamic)
        y[axis] = static_cast<int64_t>(std::floor(static_cast<float>(x[axis]) * scale));
    }
  } else if (const auto sizes = in.ints(2)) {
    if (sizes->size() != 4) return in.fail("takes four sizes");
    for (int axis = 0; axis < 2; ++axis)
      if (x[axis] != kDynamic && x[axis] != (*sizes)[static_cast<size_t>(axis)])
        return in.fail("may change only height and width");
    y[2] = (*sizes)[2];
    y[3] = (*sizes)[3];
  }
  for (int axis = 2; axis < 4; ++axis)
    if (y[axis] != kDynamic && y[axis] < 1) return in.fail("the output would be empty");
  return one(in.dtype(0), std::move(y));
}

}  // namespace shrike::infer
