// A picture's three planes to pixels, 16 at a time; all else is transpose_avx2.cpp's.
#include <immintrin.h>

#include <cstdint>

#include "kernels/layout/transpose_block.h"

namespace shrike::kernels {

namespace {

// Of three vectors of pixels element e is pixel e / 3 of plane e % 3: where it lies in the first
// two planes, one behind the other, and then in what these gave and the third.
struct Places {
  alignas(64) int32_t first[48], second[48];
};

consteval Places places() {
  Places result{};
  for (size_t e = 0; e < 48; ++e) {
    const auto pixel = static_cast<int32_t>(e / 3), plane = static_cast<int32_t>(e % 3);
    result.first[e] = plane == 1 ? 16 + pixel : pixel;
    result.second[e] = plane == 2 ? 16 + pixel : static_cast<int32_t>(e % 16);
  }
  return result;
}

constexpr Places kPlaces = places();

void interleave_3(const float* in, int64_t in_stride, float* out) {
  const __m512 a = _mm512_loadu_ps(in);
  const __m512 b = _mm512_loadu_ps(in + in_stride);
  const __m512 c = _mm512_loadu_ps(in + 2 * in_stride);
#pragma GCC unroll 3
  for (int v = 0; v < 48; v += 16) {
    const __m512 ab = _mm512_permutex2var_ps(a, _mm512_load_si512(kPlaces.first + v), b);
    _mm512_storeu_ps(out + v, _mm512_permutex2var_ps(ab, _mm512_load_si512(kPlaces.second + v), c));
  }
}

}  // namespace

void transpose_block_avx512(const TransposeProblem& p, const float* in, float* out) {
  int64_t j = 0;
  if (p.rows == 3 && p.out_stride == 3)
    for (; j + 16 <= p.cols; j += 16) interleave_3(in + j, p.in_stride, out + j * 3);
  transpose_block_avx2({p.rows, p.cols - j, p.in_stride, p.out_stride}, in + j,
                       out + j * p.out_stride);
}

}  // namespace shrike::kernels
