// The step that MatMul and Gemm share: one or several calls of a matrix product kernel.
#pragma once

#include <vector>

#include "engine/steps/ask.h"
#include "kernels/matmul/matmul.h"

namespace shrike {

// Where one call's matrices lie, in elements from the slots' first.
struct MatmulCall {
  int64_t a = 0, b = 0, c = 0;
};

struct MatmulDraft {
  kernels::MatmulProblem problem;
  Slot a, b, output;                      // output dense
  kernels::MatrixOperand a_form, b_form;  // strides; no data
  int64_t c_batch_stride = 0, c_row_stride = 0;
  std::vector<MatmulCall> calls = {{}};
  Tensor bias;  // [n] or nothing
};

// Chooses the kernel and adds the step of the node.
void add_matmul(Planner& planner, const Node& node, MatmulDraft matmul);

}  // namespace shrike
