// Convolutions and batch norms. Passes compute with their weights whether or not the shape of x is
// known: all that does not need x is checked in any case.
#include <algorithm>

#include "ir/infer/window.h"

namespace shrike::infer {

namespace {

Result<void> expect_like_first(const Inputs& in) {
  for (size_t i : {size_t{1}, size_t{2}})
    if (in.has(i) && in.dtype(i) != in.dtype(0))
      return in.fail("weights of type " + std::string(dtype_name(in.dtype(i))) +
                     " for an input of type " + std::string(dtype_name(in.dtype(0))));
  return {};
}

// Weights that divide into the groups. Their shape, if it is known.
Result<std::optional<Shape>> check_weights(const Inputs& in, int64_t group) {
  if (group < 1) return in.fail("group is " + std::to_string(group));
  const std::optional<Shape>& w = in.shape(1);
  if (!w) return w;
  const bool fits = w->rank() == 4 && w->is_static() && w->element_count() != 0;
  if (!fits || (*w)[0] % group != 0)
    return in.fail("weights of shape " + to_string(*w) + " in " + std::to_string(group) +
                   " groups");
  return w;
}

// That input i, if present, has an element for each channel.
Result<void> check_channels(const Inputs& in, size_t i, int64_t channels, const char* what) {
  if (in.shape(i) && *in.shape(i) != Shape{channels})
    return in.fail(std::string(what) + " of shape " + to_string(*in.shape(i)) + " for " +
                   std::to_string(channels) + " channels");
  return {};
}

// The kernel's extents are the weights' last two.
template <typename T>
Windows windows_of(const T& op, const Shape& w, AutoPad auto_pad) {
  const auto window = [&](size_t axis) {
    return Window{w[static_cast<int>(axis) + 2],
                  op.strides[axis],
                  op.pads[axis],
                  op.pads[axis + 2],
                  op.dilations[axis],
                  auto_pad};
  };
  return {window(0), window(1)};
}

Error unfit(const Inputs& in, const Shape& w, int64_t group, const Shape& x) {
  return in.fail("weights " + to_string(w) + " in " + std::to_string(group) +
                 " groups do not fit the input " + to_string(x));
}

}  // namespace

namespace {

// The shape of y, where the weights' is known; `residual` is the input that must have it, too.
Result<std::optional<Shape>> convolve(const Conv& op, const Inputs& in, size_t residual) {
  if (!has_two_axes(op) || op.dilations.size() != 2)
    return in.fail("attributes are not those of a two-dimensional convolution");
  SHRIKE_ASSIGN(const Shape x, feature_map(in));
  SHRIKE_ASSIGN(const std::optional<Shape> weights, check_weights(in, op.group));
  if (!weights) return std::optional<Shape>();
  const Shape& w = *weights;
  const Windows windows = windows_of(op, w, op.auto_pad);
  SHRIKE_TRY(expect_valid(in, windows));
  if (x[1] != kDynamic && (x[1] % op.group != 0 || w[1] != x[1] / op.group))
    return unfit(in, w, op.group, x);
  SHRIKE_ASSIGN(Outputs y, slide(in, x, w[0], windows));
  if (in.shape(residual) && *in.shape(residual) != *y[0].shape)
    return in.fail("residual of shape " + to_string(*in.shape(residual)));
  return y[0].shape;
}

// Of the integers that QConv takes.
constexpr int64_t kMostZero = 1 << 16;

bool is_one_of(DType type, std::initializer_list<DType> types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

}  // namespace

Result<Outputs> infer(const Conv& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 4));
  SHRIKE_TRY(expect_like_first(in));
  if (in.shape(1) && in.shape(1)->rank() == 4)
    SHRIKE_TRY(check_channels(in, 2, (*in.shape(1))[0], "bias"));
  SHRIKE_ASSIGN(std::optional<Shape> y, convolve(op, in, 3));
  return one(in.dtype(0), std::move(y));
}

Result<Outputs> infer(const QConv& op, const Inputs& in) {
  using enum DType;
  SHRIKE_TRY(in.expect_inputs(3, 5));
  const bool typed = is_one_of(in.dtype(0), {kU8, kI8, kU16, kI16}) &&
                     is_one_of(in.dtype(1), {kI8, kI16}) && in.dtype(2) == kF32 &&
                     (!in.has(3) || is_one_of(in.dtype(3), {kI32, kI64})) &&
                     (!in.has(4) || is_one_of(in.dtype(4), {kU8, kI8, kU16, kI16, kF32})) &&
                     is_one_of(op.to, {kU8, kI8, kU16, kI16, kF32});
  if (!typed) return in.fail("inputs or output of a wrong type");
  for (const int64_t zero : {op.x_zero, op.y_zero, op.residual_zero})
    if (zero < -kMostZero || zero > kMostZero) return in.fail("a zero point that no type has");
  if (in.shape(1) && in.shape(1)->rank() == 4) {
    SHRIKE_TRY(check_channels(in, 2, (*in.shape(1))[0], "scales"));
    SHRIKE_TRY(check_channels(in, 3, (*in.shape(1))[0], "bias"));
  }
  SHRIKE_ASSIGN(std::optional<Shape> y, convolve(op, in, 4));
  return one(op.to, std::move(y));
}

Result<Outputs> infer(const ConvTranspose& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 3));
  if (!has_two_axes(op) || op.dilations.size() != 2 || op.output_padding.size() != 2)
    return in.fail("attributes are not those of a two-dimensional convolution");
  SHRIKE_TRY(expect_like_first(in));
  SHRIKE_ASSIGN(const Shape x, feature_map(in));
  SHRIKE_ASSIGN(const std::optional<Shape> weights, check_weights(in, op.group));
  if (!weights) return one(in.dtype(0), std::nullopt);
  const Shape& w = *weights;
  const int64_t channels = w[1] * op.group;  // group divides w[0]: at most the weights' count
  SHRIKE_TRY(check_channels(in, 2, channels, "bias"));
  const Windows windows = windows_of(op, w, AutoPad::kNotSet);
  SHRIKE_TRY(expect_valid(in, windows));
  if (x[1] != kDynamic && x[1] != w[0]) return unfit(in, w, op.group, x);
  Shape y{x[0], channels, kDynamic, kDynamic};
  for (int axis = 0; axis < 2; ++axis) {
    const Window& window = windows[static_cast<size_t>(axis)];
    const int64_t extra = op.output_padding[static_cast<size_t>(axis)];
    if (extra < 0 || extra >= kMaxWindow) return in.fail("output_padding out of range");
    if (x[axis + 2] == kDynamic) continue;
    const std::optional<int64_t> spread = checked_mul(x[axis + 2] - 1, window.stride);
    if (!spread || *spread > kLongestExtent) return in.fail("the output is too large");
    y[axis + 2] = *spread + (window.kernel - 1) * window.dilation + 1 - window.pad_begin -
                  window.pad_end + extra;
    if (y[axis + 2] < 1) return in.fail("the output would be empty");
  }
  return one(in.dtype(0), std::move(y));
}

Result<Outputs> infer(const BatchNorm&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(5, 5));
  if (in.shape(0) && in.shape(0)->rank() < 2) return in.fail("takes at least two axes");
  int64_t channels = in.shape(0) ? (*in.shape(0))[1] : kDynamic;
  for (size_t i = 1; i < 5; ++i) {
    if (!in.shape(i)) continue;
    const Shape& statistics = *in.shape(i);
    const bool fits = statistics.rank() == 1 && (statistics[0] == channels ||
                                                 statistics[0] == kDynamic || channels == kDynamic);
    if (!fits)
      return in.fail("statistics of shape " + to_string(statistics) + " for " +
                     (channels == kDynamic ? "?" : std::to_string(channels)) + " channels");
    if (channels == kDynamic) channels = statistics[0];
  }
  return like_first(in);
}

}  // namespace shrike::infer
