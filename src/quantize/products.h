// Products of matrices of f32, by the kernels of matmul.
#pragma once

#include <cstdint>

#include "base/thread_pool.h"

namespace shrike {

// Element (i, j) is data[i * row_stride + j * column_stride].
struct MatrixPart {
  const float* data = nullptr;
  int64_t rows = 0, columns = 0;
  int64_t row_stride = 0, column_stride = 1;

  MatrixPart transposed() const { return {data, columns, rows, column_stride, row_stride}; }
};

// c[i * c_stride + j] = sum over k of a(i, k) * b(k, j). Requires a.columns == b.rows. The same for
// any number of threads.
void multiply(const MatrixPart& a, const MatrixPart& b, float* c, int64_t c_stride,
              ThreadPool& pool);

}  // namespace shrike
