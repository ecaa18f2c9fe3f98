// Batched matrix product with an optional bias row and activation:
//
//   c[b][i][j] = act(alpha * sum over k of a[b][i][k] * b[b][k][j] + bias[j])
//   b < batch, i < m, j < n, k < problem.k
//
// Element (i, j) of batch b of an operand lies at
//   data + b * batch_stride + i * row_stride + j * col_stride
// so a transposed operand is one with its strides exchanged, and one shared by all batches has a
// batch_stride of 0. Columns of c are adjacent. c overlaps no operand. Bit-equal for any number of
// threads: sums are never divided among them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/thread_pool.h"
#include "kernels/activation/activation.h"
#include "kernels/select.h"

namespace shrike::kernels {

struct MatmulProblem {
  int64_t batch = 1, m = 0, n = 0, k = 0;
  float alpha = 1;
  Activation activation;
};

struct MatrixOperand {
  const float* data = nullptr;
  int64_t batch_stride = 0, row_stride = 0, col_stride = 1;
};

struct MatmulOperands {
  MatrixOperand a, b;
  const float* bias = nullptr;  // [n] or null
  float* c = nullptr;
  int64_t c_batch_stride = 0, c_row_stride = 0;
};

struct MatmulKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const MatmulProblem&);
  // Bytes run() needs for a pool of that many threads.
  size_t (*scratch_bytes)(const MatmulProblem&, int threads);
  // scratch: at least scratch_bytes(), aligned to kTensorAlignment, of undefined content.
  void (*run)(const MatmulProblem&, const MatmulOperands&, ThreadPool&,
              std::span<std::byte> scratch);
};

std::span<const MatmulKernel> matmul_kernels();

}  // namespace shrike::kernels
