// Softmax over the middle of three dimensions, row-major without gaps:
//
//   out[o][k][i] = e^(in[o][k][i] - m) / sum over k' of e^(in[o][k'][i] - m),
//   m = max over k' of in[o][k'][i];  o < outer, k < n, i < inner
//
// inner is 1 for a softmax over the last axis. The output may be exactly the input. A row that is
// -infinity throughout, or holds a NaN or +infinity, gives NaN.
#pragma once

#include <cstdint>
#include <span>

#include "base/thread_pool.h"
#include "kernels/select.h"

namespace shrike::kernels {

struct SoftmaxProblem {
  int64_t outer = 1;
  int64_t n = 0;
  int64_t inner = 1;
};

struct SoftmaxKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const SoftmaxProblem&);
  void (*run)(const SoftmaxProblem&, const float* input, float* output, ThreadPool&);
};

std::span<const SoftmaxKernel> softmax_kernels();

}  // namespace shrike::kernels
