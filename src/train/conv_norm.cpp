#include "train/conv_norm.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "train/map_norm.h"
#include "train/operator_site.h"

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

at::Tensor convolve(const at::Tensor& x, const at::Tensor& weights, const at::Tensor& bias,
                    const Windows& windows, int64_t groups) {
  if (windows.symmetric())
    return at::conv2d(x, weights, bias, windows.stride, windows.before, windows.dilation, groups);
  return at::conv2d(at::constant_pad_nd(x, windows.pad_list(), 0), weights, bias, windows.stride,
                    at::IntArrayRef({0, 0}), windows.dilation, groups);
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

at::Tensor by_channel(const at::Tensor& values) { return values.view({1, -1, 1, 1}); }

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

class ConvNormFunction : public torch::autograd::Function<ConvNormFunction> {
 public:
  // `op` is copied into the context by its numbers: it may be gone when backward comes.
  static Variable forward(AutogradContext* context, const Variable& given, const Variable& weights,
                          const Variable& scale, const Variable& shift, at::Tensor running_mean,
                          at::Tensor running_variance, const ConvNorm* op, double momentum) {
    const NormWeights norm_weights{scale, shift, running_mean, running_variance};
    const bool channels_last = takes_map_norm(given);
    const at::Tensor x =
        channels_last ? given.contiguous(at::MemoryFormat::ChannelsLast) : at::Tensor(given);
    const at::Tensor z = at::conv2d(x, weights, {}, op->windows.stride, op->windows.before,
                                    op->windows.dilation, op->groups);
    remember(context, *op);
    context->saved_data["wants_x"] = given.requires_grad();
    context->saved_data["channels_last"] = channels_last;
    if (channels_last) {
      const at::Tensor rows = z.contiguous(at::MemoryFormat::ChannelsLast);
      const MapNorm norm = measure_norm(rows, norm_weights, op->epsilon, momentum);
      context->save_for_backward(
          {x, weights, rows, norm.mean, norm.inverse, norm.slope, norm.offset});
      return apply_norm(op->activation, norm, rows);
    }
    auto [y, mean, inverse] = at::native_batch_norm(z, scale, shift, running_mean, running_variance,
                                                    true, momentum, op->epsilon);
    context->save_for_backward({x, weights, z, mean, inverse, scale, shift});
    return apply_unary(op->activation, y);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    auto& data = context->saved_data;
    Unary f;
    f.kind = static_cast<UnaryKind>(data["kind"].toInt());
    f.alpha = static_cast<float>(data["alpha"].toDouble());
    NormGradients norm;
    at::Tensor d_z;
    if (data["channels_last"].toBool()) {
      TORCH_CHECK(!data.count("done"), "a convolution with batch norm goes back once");
      data["done"] = true;  // z gives way to its gradient
      d_z = saved[2];
      norm = norm_backward(f, {saved[3], saved[4], saved[5], saved[6]}, gradients[0], d_z);
    } else {
      std::tie(d_z, norm) = plain_backward(f, saved, gradients[0], data["epsilon"].toDouble());
    }
    gradients[0].reset();
    const auto [d_x, d_weights, d_bias] = at::convolution_backward(
        d_z, saved[0], saved[1], at::OptionalIntArrayRef(), data["stride"].toIntVector(),
        data["padding"].toIntVector(), data["dilation"].toIntVector(), false,
        at::IntArrayRef({0, 0}), data["groups"].toInt(), {data["wants_x"].toBool(), true, false});
    return {d_x,          d_weights,    norm.scale,   norm.shift,
            at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }

 private:
  static void remember(AutogradContext* context, const ConvNorm& op) {
    context->saved_data["stride"] = op.windows.stride;
    context->saved_data["padding"] = op.windows.before;
    context->saved_data["dilation"] = op.windows.dilation;
    context->saved_data["groups"] = op.groups;
    context->saved_data["epsilon"] = op.epsilon;
    context->saved_data["kind"] = static_cast<int64_t>(op.activation.kind);
    context->saved_data["alpha"] = static_cast<double>(op.activation.alpha);
  }

  // dL/dz by LibTorch's own functions. saved: x, weights, z, mean, inverse, scale, shift.
  static std::pair<at::Tensor, NormGradients> plain_backward(const Unary& f,
                                                             const variable_list& saved,
                                                             const at::Tensor& gradient,
                                                             double epsilon) {
    const at::Tensor &z = saved[2], &mean = saved[3], &inverse = saved[4], &scale = saved[5],
                     &shift = saved[6];
    const at::Tensor slope = scale * inverse;
    const at::Tensor normed = at::addcmul(by_channel(shift - mean * slope), z, by_channel(slope));
    const at::Tensor d_normed = activation_backward(f, gradient.contiguous(), normed);
    auto [d_z, d_scale, d_shift] = at::native_batch_norm_backward(
        d_normed, z, scale, {}, {}, mean, inverse, true, epsilon, {true, true, true});
    return {d_z, {d_scale, d_shift}};
  }
};

}  // namespace

at::Tensor conv_norm(const ConvNormInputs& in, const ConvNorm& op, double momentum) {
  if (op.windows.symmetric())
    return ConvNormFunction::apply(in.x, in.weights, in.scale, in.shift, in.running_mean,
                                   in.running_variance, &op, momentum);
  ConvNorm padded = op;
  padded.windows.before = padded.windows.after = {0, 0};
  return ConvNormFunction::apply(at::constant_pad_nd(in.x, op.windows.pad_list(), 0), in.weights,
                                 in.scale, in.shift, in.running_mean, in.running_variance, &padded,
                                 momentum);
}

}  // namespace shrike::train
