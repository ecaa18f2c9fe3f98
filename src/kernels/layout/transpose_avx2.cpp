// 8 x 8 and 4 x 4 blocks in registers, and a picture's three planes to pixels; what is left over at
// the edges goes element by element.
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

void transpose_4x4(const float* in, int64_t in_stride, float* out, int64_t out_stride) {
  __m128 a = _mm_loadu_ps(in), b = _mm_loadu_ps(in + in_stride);
  __m128 c = _mm_loadu_ps(in + 2 * in_stride), d = _mm_loadu_ps(in + 3 * in_stride);
  _MM_TRANSPOSE4_PS(a, b, c, d);
  _mm_storeu_ps(out, a);
  _mm_storeu_ps(out + out_stride, b);
  _mm_storeu_ps(out + 2 * out_stride, c);
  _mm_storeu_ps(out + 3 * out_stride, d);
}

// 8 pixels of 3 planes: element e of the 24 is pixel e / 3 of plane e % 3.
void interleave_3(const float* in, int64_t in_stride, float* out) {
  const __m256 a = _mm256_loadu_ps(in);
  const __m256 b = _mm256_loadu_ps(in + in_stride);
  const __m256 c = _mm256_loadu_ps(in + 2 * in_stride);
  const __m256i first = _mm256_setr_epi32(0, 0, 0, 1, 1, 1, 2, 2);
  const __m256i second = _mm256_setr_epi32(2, 3, 3, 3, 4, 4, 4, 5);
  const __m256i third = _mm256_setr_epi32(5, 5, 6, 6, 6, 7, 7, 7);
  const auto at = [](__m256 plane, __m256i pixels) {
    return _mm256_permutevar8x32_ps(plane, pixels);
  };
  // Bit i of a blend's mask takes lane i from its second operand: planes 0 1 2 0 1 2 0 1, then
  // 2 0 1 2 0 1 2 0, then 1 2 0 1 2 0 1 2.
  const __m256 ab0 = _mm256_blend_ps(at(a, first), at(b, first), 0x92);
  const __m256 ab1 = _mm256_blend_ps(at(a, second), at(b, second), 0x24);
  const __m256 ab2 = _mm256_blend_ps(at(a, third), at(b, third), 0x49);
  _mm256_storeu_ps(out, _mm256_blend_ps(ab0, at(c, first), 0x24));
  _mm256_storeu_ps(out + 8, _mm256_blend_ps(ab1, at(c, second), 0x49));
  _mm256_storeu_ps(out + 16, _mm256_blend_ps(ab2, at(c, third), 0x92));
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
  if (p.rows == 3 && p.out_stride == 3) {
    for (int64_t j = 0; j < cols; j += 8) interleave_3(in + j, p.in_stride, out + j * 3);
    return copy_elements(p, in, out, 0, 3, cols, p.cols);
  }
  for (int64_t j = 0; j < cols; j += 8)
    for (int64_t i = 0; i < rows; i += 8)
      transpose_8x8(in + i * p.in_stride + j, p.in_stride, out + j * p.out_stride + i,
                    p.out_stride);
  const int64_t more = p.rows / 4 * 4;  // rows, with those of half a block
  if (more > rows)
    for (int64_t j = 0; j < cols; j += 4)
      transpose_4x4(in + rows * p.in_stride + j, p.in_stride, out + j * p.out_stride + rows,
                    p.out_stride);
  copy_elements(p, in, out, more, p.rows, 0, cols);
  copy_elements(p, in, out, 0, p.rows, cols, p.cols);
}

}  // namespace shrike::kernels
