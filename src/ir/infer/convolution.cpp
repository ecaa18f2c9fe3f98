// Convolutions and batch norms. Passes compute with their weights whether or not the shape of x is
// known: all that does not need x is checked in any case.
#include "ir/infer/window.h"

namespace shrike::infer {

namespace {

// Weights that divide into the groups, and a bias of x's type. The weights' shape, if it is known.
Result<std::optional<Shape>> check_weights(const Inputs& in, int64_t group) {
  for (size_t i : {size_t{1}, size_t{2}})
    if (in.has(i) && in.dtype(i) != in.dtype(0))
      return in.fail("weights of type " + std::string(dtype_name(in.dtype(i))) +
                     " for an input of type " + std::string(dtype_name(in.dtype(0))));
  if (group < 1) return in.fail("group is " + std::to_string(group));
  const std::optional<Shape>& w = in.shape(1);
  if (!w) return w;
  const bool fits = w->rank() == 4 && w->is_static() && w->element_count() != 0;
  if (!fits || (*w)[0] % group != 0)
    return in.fail("weights of shape " + to_string(*w) + " in " + std::to_string(group) +
                   " groups");
  return w;
}

Result<void> check_bias(const Inputs& in, int64_t channels) {
  if (in.shape(2) && *in.shape(2) != Shape{channels})
    return in.fail("bias of shape " + to_string(*in.shape(2)) + " for " + std::to_string(channels) +
                   " channels");
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

Result<Outputs> infer(const Conv& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 4));
  if (!has_two_axes(op) || op.dilations.size() != 2)
    return in.fail("attributes are not those of a two-dimensional convolution");
  SHRIKE_ASSIGN(const Shape x, feature_map(in));
  SHRIKE_ASSIGN(const std::optional<Shape> weights, check_weights(in, op.group));
  if (!weights) return one(in.dtype(0), std::nullopt);
  const Shape& w = *weights;
  SHRIKE_TRY(check_bias(in, w[0]));
  const Windows windows = windows_of(op, w, op.auto_pad);
  SHRIKE_TRY(expect_valid(in, windows));
  if (x[1] != kDynamic && (x[1] % op.group != 0 || w[1] != x[1] / op.group))
    return unfit(in, w, op.group, x);
  SHRIKE_ASSIGN(Outputs y, slide(in, x, w[0], windows));
  if (in.shape(3) && *in.shape(3) != *y[0].shape)
    return in.fail("residual of shape " + to_string(*in.shape(3)));
  return y;
}

Result<Outputs> infer(const ConvTranspose& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 3));
  if (!has_two_axes(op) || op.dilations.size() != 2 || op.output_padding.size() != 2)
    return in.fail("attributes are not those of a two-dimensional convolution");
  SHRIKE_ASSIGN(const Shape x, feature_map(in));
  SHRIKE_ASSIGN(const std::optional<Shape> weights, check_weights(in, op.group));
  if (!weights) return one(in.dtype(0), std::nullopt);
  const Shape& w = *weights;
  const int64_t channels = w[1] * op.group;  // group divides w[0]: at most the weights' count
  SHRIKE_TRY(check_bias(in, channels));
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
