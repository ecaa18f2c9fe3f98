// 8 x 8 blocks in registers; what is left over at the edges goes element by element.
#include <immintrin.h>

#include "kernels/layout/transpose_block.h"

namespace shrike::kernels {

namespace {

// Moves bits only: no arithmetic touches the values, whatever type they are of.
void transpose_8x8(const float* in, int64_t in_stride, float* out, int64_t out_stride) {
  __m256 a[8], b[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) a[i] = _mm256_loadu_ps(in + i * in_stride);
    // Pairs, then quarters, then halves.
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
    b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    a[i] = _mm256_shuffle_ps(b[i], b[i + 2], 0x44);
    a[i + 1] = _mm256_shuffle_ps(b[i], b[i + 2], 0xEE);
    a[i + 2] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0x44);
    a[i + 3] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0xEE);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    _mm256_storeu_ps(out + i * out_stride, _mm256_permute2f128_ps(a[i], a[i + 4], 0x20));
    _mm256_storeu_ps(out + (i + 4) * out_stride, _mm256_permute2f128_ps(a[i], a[i + 4], 0x31));
  }
}

void copy_elements(const TransposeProblem& p, const float* in, float* out, int64_t row_begin,
                   int64_t row_end, int64_t col_begin, int64_t col_end) {
  for (int64_t j = col_begin; j < col_end; ++j)
    for (int64_t i = row_begin; i < row_end; ++i)
      out[j * p.out_stride + i] = in[i * p.in_stride + j];
}

}  // namespace

void transpose_block_avx2(const TransposeProblem& p, const float* in, float* out) {
  const int64_t rows = p.rows / 8 * 8, cols = p.cols / 8 * 8;
  for (int64_t j = 0; j < cols; j += 8)
    for (int64_t i = 0; i < rows; i += 8)
      transpose_8x8(in + i * p.in_stride + j, p.in_stride, out + j * p.out_stride + i,
                    p.out_stride);
  copy_elements(p, in, out, rows, p.rows, 0, cols);
  copy_elements(p, in, out, 0, p.rows, cols, p.cols);
}

}  // namespace shrike::kernels
