// Batch norm over the batches of all processes together, from operators that autograd follows: for
// what has no kernel of its own (conv_norm.h).
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/custom_class.h>

#include "train/rank_sum.h"

namespace shrike::train {

struct RankNormInputs {
  at::Tensor x, scale, shift;              // (N, C, ...), (C), (C)
  at::Tensor running_mean, running_variance;  // written to
};

// y = scale[c] (x - mean[c]) / sqrt(var[c] + epsilon) + shift[c] with mean and variance over N and
// what is behind C, in all processes, from one sum over them of [sum x, sum x^2, count] in doubles;
// backward adds up the gradients of these in another. Running statistics as in conv_norm.h.
at::Tensor rank_norm(const RankNormInputs& in, double epsilon, double momentum, const RankSum& sum);

// A RankSum in an autograd context.
struct KeptRankSum : torch::CustomClassHolder {
  explicit KeptRankSum(RankSum function) : sum(std::move(function)) {}
  RankSum sum;
};

}  // namespace shrike::train
