// The largest or the smallest elements along one axis of a tensor whose dimensions lie anyhow:
//
//   out[o] = max (min) over k < n of in[sum of o_d * strides[d] + k * step]
//
// o being counted row-major over the other dimensions: `out` has no gaps, and does not overlap `in`.
// A NaN among the elements gives NaN. The bits do not depend on the number of threads.
#pragma once

#include <cstdint>
#include <span>

#include "base/thread_pool.h"
#include "kernels/select.h"
#include "kernels/strided.h"

namespace shrike::kernels {

struct ReduceProblem {
  bool largest = true;
  int64_t n = 1;     // at least 1
  int64_t step = 1;  // from element to element of what becomes one
  int rank = 0;      // of the other dimensions, outermost first
  Extents dims{}, strides{};

  int64_t outputs() const {
    int64_t count = 1;
    for (int d = 0; d < rank; ++d) count *= dims[static_cast<size_t>(d)];
    return count;
  }
};

struct ReduceKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const ReduceProblem&);
  void (*run)(const ReduceProblem&, const float* input, float* output, ThreadPool&);
};

// Fastest first, the readable reference last.
std::span<const ReduceKernel> reduce_kernels();

}  // namespace shrike::kernels
