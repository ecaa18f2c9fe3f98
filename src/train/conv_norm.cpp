#include "train/conv_norm.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "train/channels_last_conv.h"
#include "train/conv_function.h"
#include "train/operator_site.h"
#include "train/rank_norm.h"

namespace shrike::train {

bool has_derivative(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::kIdentity:
    case UnaryKind::kRelu:
    case UnaryKind::kLeakyRelu:
    case UnaryKind::kSilu:
    case UnaryKind::kHardSwish:
    case UnaryKind::kMish:
      return true;
    default:
      return false;
  }
}

namespace {

// On one thread LibTorch gives kernels of one element to BLAS where a batch has fewer than 16
// pictures: thirty times slower, with Debian's reference BLAS, than oneDNN, which it takes where a
// kernel is dilated (ATen/native/Convolution.cpp, use_mkldnn). One element does not notice.
at::IntArrayRef dilation_for(const at::Tensor& x, const at::Tensor& weights,
                             const Windows& windows) {
  static constexpr int64_t kDilated[] = {2, 2};
  const bool one = weights.size(2) == 1 && weights.size(3) == 1;
  return one && x.is_cpu() && x.scalar_type() == at::kFloat ? at::IntArrayRef(kDilated)
                                                            : at::IntArrayRef(windows.dilation);
}

}  // namespace

at::Tensor convolve(const at::Tensor& x, const at::Tensor& weights, const at::Tensor& bias,
                    const Windows& windows, int64_t groups) {
  const at::IntArrayRef dilation = dilation_for(x, weights, windows);
  if (windows.symmetric())
    return at::conv2d(x, weights, bias, windows.stride, windows.before, dilation, groups);
  return at::conv2d(at::constant_pad_nd(x, windows.pad_list(), 0), weights, bias, windows.stride,
                    at::IntArrayRef({0, 0}), dilation, groups);
}

namespace {

// dL/dz from dL/df(z).
at::Tensor activation_backward(const Unary& f, const at::Tensor& gradient, const at::Tensor& z) {
  switch (f.kind) {
    case UnaryKind::kRelu:
      return at::threshold_backward(gradient, z, 0);
    case UnaryKind::kLeakyRelu:
      return at::leaky_relu_backward(gradient, z, f.alpha, false);
    case UnaryKind::kSilu:
      return at::silu_backward(gradient, z);
    case UnaryKind::kHardSwish:
      return at::hardswish_backward(gradient, z);
    case UnaryKind::kMish:
      return at::mish_backward(gradient, z);
    default:
      return gradient;
  }
}

// As the convolution takes it.
at::Tensor factor(const at::Tensor& x, const ConvNorm& op) {
  return op.products ? x.to(*op.products) : x;
}

at::Tensor by_channel(const at::Tensor& values) { return values.view({1, -1, 1, 1}); }

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

class ConvNormFunction : public torch::autograd::Function<ConvNormFunction> {
 public:
  // `op` is copied into the context by its numbers: it may be gone when backward comes.
  static Variable forward(AutogradContext* context, const Variable& x, const Variable& weights,
                          const Variable& scale, const Variable& shift, at::Tensor running_mean,
                          at::Tensor running_variance, const ConvNorm* op, double momentum) {
    const at::Tensor z = convolve_forward(x, weights, *op);
    auto [y, mean, inverse] = at::native_batch_norm(z, scale, shift, running_mean, running_variance,
                                                    true, momentum, op->epsilon);
    context->save_for_backward({x, weights, scale, shift, z, mean, inverse});
    remember(*context, *op);
    context->saved_data["wants_x"] = x.requires_grad();
    return apply_unary(op->activation, y);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weights = saved[1], &scale = saved[2], &shift = saved[3],
                     &z = saved[4], &mean = saved[5], &inverse = saved[6];
    const ConvNorm op = remembered(*context);
    const at::Tensor slope = scale * inverse;
    const at::Tensor normed = at::addcmul(by_channel(shift - mean * slope), z, by_channel(slope));
    const at::Tensor d_normed =
        activation_backward(op.activation, gradients[0].contiguous(), normed);
    const auto [d_z, d_scale, d_shift] = at::native_batch_norm_backward(
        d_normed, z, scale, {}, {}, mean, inverse, true, op.epsilon, {true, true, true});
    const auto [d_x, d_weights] =
        convolve_backward(d_z, x, weights, op, context->saved_data["wants_x"].toBool());
    return {d_x,          d_weights,    d_scale,      d_shift,
            at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

void remember(AutogradContext& context, const ConvNorm& op) {
  context.saved_data["stride"] = op.windows.stride;
  context.saved_data["padding"] = op.windows.before;
  context.saved_data["dilation"] = op.windows.dilation;
  context.saved_data["groups"] = op.groups;
  context.saved_data["epsilon"] = op.epsilon;
  context.saved_data["kind"] = static_cast<int64_t>(op.activation.kind);
  context.saved_data["alpha"] = static_cast<double>(op.activation.alpha);
  if (op.products) context.saved_data["products"] = static_cast<int64_t>(*op.products);
}

ConvNorm remembered(AutogradContext& context) {
  auto& data = context.saved_data;
  ConvNorm op;
  op.windows.stride = data["stride"].toIntVector();
  op.windows.before = op.windows.after = data["padding"].toIntVector();
  op.windows.dilation = data["dilation"].toIntVector();
  op.groups = data["groups"].toInt();
  op.epsilon = data["epsilon"].toDouble();
  op.activation.kind = static_cast<UnaryKind>(data["kind"].toInt());
  op.activation.alpha = static_cast<float>(data["alpha"].toDouble());
  if (data.count("products"))
    op.products = static_cast<at::ScalarType>(data["products"].toInt());
  return op;
}

at::Tensor convolve_forward(const at::Tensor& x, const at::Tensor& weights, const ConvNorm& op) {
  const at::Tensor from = factor(x, op);
  return at::conv2d(from, factor(weights, op), {}, op.windows.stride, op.windows.before,
                    dilation_for(from, weights, op.windows), op.groups)
      .to(x.scalar_type());
}

ConvGradients convolve_backward(const at::Tensor& d_z, const at::Tensor& x,
                                const at::Tensor& weights, const ConvNorm& op, bool wants_x) {
  const Windows& windows = op.windows;
  const at::Tensor from = factor(x, op);
  auto [d_x, d_weights, d_bias] = at::convolution_backward(
      factor(d_z, op), from, factor(weights, op), at::OptionalIntArrayRef(), windows.stride,
      windows.before, dilation_for(from, weights, windows), false, at::IntArrayRef({0, 0}),
      op.groups, {wants_x, true, false});
  return {wants_x ? d_x.to(x.scalar_type()) : d_x, d_weights.to(weights.scalar_type())};
}

at::Tensor conv_norm(const ConvNormInputs& in, const ConvNorm& op, double momentum,
                     const RankSum& over_ranks) {
  if (!op.windows.symmetric()) {
    ConvNorm without = op;
    without.windows.before = without.windows.after = {0, 0};
    ConvNormInputs padded = in;
    padded.x = at::constant_pad_nd(in.x, op.windows.pad_list(), 0);
    return conv_norm(padded, without, momentum, over_ranks);
  }
  if (takes_channels_last(in.x)) return channels_last_conv_norm(in, op, momentum, over_ranks);
  if (over_ranks)
    return apply_unary(op.activation,
                       rank_norm({convolve(in.x, in.weights, {}, op.windows, op.groups), in.scale,
                                  in.shift, in.running_mean, in.running_variance},
                                 op.epsilon, momentum, over_ranks));
  return ConvNormFunction::apply(in.x, in.weights, in.scale, in.shift, in.running_mean,
                                 in.running_variance, &op, momentum);
}

}  // namespace shrike::train
