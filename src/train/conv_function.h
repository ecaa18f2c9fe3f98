// What the two autograd functions of conv_norm() share. Private to train.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/custom_function.h>

#include "train/conv_norm.h"

namespace shrike::train {

// The node's numbers, into the context and back; its windows are symmetric.
void remember(torch::autograd::AutogradContext& context, const ConvNorm& op);
ConvNorm remembered(torch::autograd::AutogradContext& context);

// conv(x, weights), multiplied in op.products and then in x's type again.
at::Tensor convolve_forward(const at::Tensor& x, const at::Tensor& weights, const ConvNorm& op);

struct ConvGradients {
  at::Tensor x, weights;  // x is undefined where it is not wanted
};

// In the types of x and of the weights.
ConvGradients convolve_backward(const at::Tensor& d_z, const at::Tensor& x,
                                const at::Tensor& weights, const ConvNorm& op, bool wants_x);

}  // namespace shrike::train
