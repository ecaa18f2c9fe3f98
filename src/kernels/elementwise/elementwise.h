// Functions applied element by element: of one variable (activation/activation.h), and of two.
//
// Both work on rows: a feature map whose rows lie back to back is height*width rows of `channels`
// elements, a contiguous tensor is one row. The output may be exactly an input; other overlaps are
// not allowed. Tensors that broadcast in any other way go through broadcast.h.
#pragma once

#include <cstdint>
#include <span>

#include "base/thread_pool.h"
#include "kernels/activation/activation.h"
#include "kernels/select.h"
#include "kernels/view.h"

namespace shrike::kernels {

// out[r][i] = activation(in[r][i])
struct UnaryKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const Activation&);
  void (*run)(const Activation&, const ConstRowsView& input, const RowsView& output, ThreadPool&);
};

std::span<const UnaryKernel> unary_kernels();

enum class BinaryOp : uint8_t { kAdd, kSub, kMul, kDiv, kMax, kMin, kPow };

// Element i of row r lies at data + r * row_stride + i * step, step 0 or 1:
//   same shape {stride, 1}; one row for all rows (per channel) {0, 1}; a scalar {0, 0};
//   one value a row {stride, 0}
struct BinaryOperand {
  const float* data = nullptr;
  int64_t row_stride = 0;
  int64_t step = 1;
};

// out[r][i] = a[r][i] op b[r][i]
struct BinaryKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const BinaryOp&);
  void (*run)(BinaryOp, const BinaryOperand& a, const BinaryOperand& b, const RowsView& output,
              ThreadPool&);
};

std::span<const BinaryKernel> binary_kernels();

}  // namespace shrike::kernels
