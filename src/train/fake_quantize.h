// Integers while a network learns: Q and the DQ behind it as one function of autograd, with a
// learned step (Esser, McKinstry, Bablani, Appuswamy, Modha, "Learned Step Size Quantization",
// 2020, arXiv 1902.08153).
//
// With v = x / s and integers low .. high, counted from the zero point:
//   y     = round(clamp(v, low, high)) * s          halves to the even neighbour, as the engine
//   dL/dx = dL/dy where low <= v <= high, else 0
//   dL/ds = g * sum of dL/dy * (round(v) - v        where low <= v <= high
//                               low, high           below, above)
//   g     = 1 / sqrt(n * high), n: the values that a step is of, in one picture
// An integer's zero point costs nothing here: low and high are less it.
#pragma once

#include <ATen/core/Tensor.h>

namespace shrike::train {

struct IntegerRange {
  double low = 0, high = 255;  // less the zero point
};

// `steps`: one, or one for each index of x's first axis (of weights; then n is the values of one).
// f32 on a CPU is one pass over memory each way, whose sums do not depend on threads. Throws as
// LibTorch does.
at::Tensor fake_quantize(const at::Tensor& x, const at::Tensor& steps, const IntegerRange& range);

// A bias (O) in steps of x_step * weight_steps[o], as 32-bit integers have it. The gradient goes to
// the bias alone, unchanged: to the steps it is next to nothing.
at::Tensor round_bias(const at::Tensor& bias, const at::Tensor& x_step,
                      const at::Tensor& weight_steps);

// exp(e), as quantize/learned.h has it: computed in doubles, so that both round to the same.
at::Tensor steps_of(const at::Tensor& e);

}  // namespace shrike::train
