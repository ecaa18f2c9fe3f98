// Convolution, batch norm and activation as one function of autograd.
//
// y = f(scale[c] * (z - mean[c]) / sqrt(var[c] + epsilon) + shift[c]),  z = conv(x, weights),
// with the batch's mean and variance of z over N, H, W; the running ones move towards them by
// `momentum` (that of the variance over count - 1). What lies between z and y is not kept: backward
// computes it again from z. With `products` the convolution and its gradients take what they
// multiply in that type, and z and the gradients come out in the maps' own. f32 on a CPU takes
// channels_last_conv.h, which keeps still less and is faster; all else LibTorch's own convolution
// and batch norm.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "ir/ops/elementwise.h"
#include "train/geometry.h"
#include "train/rank_sum.h"

namespace shrike::train {

struct ConvNorm {
  Windows windows;
  int64_t groups = 1;
  double epsilon = 1e-5;
  Unary activation;
  std::optional<at::ScalarType> products = {};
};

// Whether backward knows the activation's derivative; others are functions of their own.
bool has_derivative(UnaryKind kind);

struct ConvNormInputs {
  at::Tensor x, weights, scale, shift;
  at::Tensor running_mean, running_variance;  // written to
};

// `over_ranks`: mean and variance are those of all processes' batches together, from one sum over
// them in forward and one in backward.
at::Tensor conv_norm(const ConvNormInputs& in, const ConvNorm& op, double momentum,
                     const RankSum& over_ranks = {});

// The convolution alone, padded as the windows say. `bias` may be undefined.
at::Tensor convolve(const at::Tensor& x, const at::Tensor& weights, const at::Tensor& bias,
                    const Windows& windows, int64_t groups);

}  // namespace shrike::train
