#include "quantize/products.h"

#include <cassert>

#include "base/tensor.h"
#include "kernels/matmul/matmul.h"

namespace shrike {

void multiply(const MatrixPart& a, const MatrixPart& b, float* c, int64_t c_stride,
              ThreadPool& pool) {
  assert(a.columns == b.rows);
  kernels::MatmulProblem problem;
  problem.m = a.rows, problem.n = b.columns, problem.k = a.columns;
  kernels::MatmulOperands operands;
  operands.a = {a.data, 0, a.row_stride, a.column_stride};
  operands.b = {b.data, 0, b.row_stride, b.column_stride};
  operands.c = c, operands.c_row_stride = c_stride;
  const kernels::MatmulKernel& kernel =
      *kernels::select_kernel(kernels::matmul_kernels(), problem).kernel;
  const size_t bytes = kernel.scratch_bytes(problem, pool.threads());
  const std::shared_ptr<std::byte> scratch = allocate_aligned(bytes);
  kernel.run(problem, operands, pool, {scratch.get(), bytes});
}

}  // namespace shrike
