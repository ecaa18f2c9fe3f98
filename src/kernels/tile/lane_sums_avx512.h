// Sums of the elements of vectors. Included behind activation/vector_avx512.h.
#pragma once

namespace shrike::kernels {
namespace {

inline float sum_lanes(Vec x) { return _mm512_reduce_add_ps(x); }

// target[i] = the sum of x[i].
inline void store_lane_sums(const Vec (&x)[4], float* target) {
  const Vec a = _mm512_unpacklo_ps(x[0], x[1]) + _mm512_unpackhi_ps(x[0], x[1]);
  const Vec b = _mm512_unpacklo_ps(x[2], x[3]) + _mm512_unpackhi_ps(x[2], x[3]);
  const Vec c = _mm512_shuffle_ps(a, b, 0x44) + _mm512_shuffle_ps(a, b, 0xee);
  const __m256 half = _mm512_castps512_ps256(c) + _mm512_extractf32x8_ps(c, 1);
  _mm_storeu_ps(target, _mm256_castps256_ps128(half) + _mm256_extractf128_ps(half, 1));
}

}  // namespace
}  // namespace shrike::kernels
