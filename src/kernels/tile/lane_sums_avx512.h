// Sums of the elements of vectors. Included behind activation/vector_avx512.h.
#pragma once

namespace shrike::kernels {
namespace {

inline float sum_lanes(Vec x) { return _mm512_reduce_add_ps(x); }

// Of lanes 4 i to 4 i + 3 of x[0] to x[3] the sums.
inline Vec quarter_sums(const Vec (&x)[4]) {
  const Vec a = _mm512_unpacklo_ps(x[0], x[1]) + _mm512_unpackhi_ps(x[0], x[1]);
  const Vec b = _mm512_unpacklo_ps(x[2], x[3]) + _mm512_unpackhi_ps(x[2], x[3]);
  return _mm512_shuffle_ps(a, b, 0x44) + _mm512_shuffle_ps(a, b, 0xee);
}

// target[i] = the sum of x[i].
inline void store_lane_sums(const Vec (&x)[4], float* target) {
  const Vec c = quarter_sums(x);
  const __m256 half = _mm512_castps512_ps256(c) + _mm512_extractf32x8_ps(c, 1);
  _mm_storeu_ps(target, _mm256_castps256_ps128(half) + _mm256_extractf128_ps(half, 1));
}

// The same of 16 vectors, in the same order; quarters[i] is quarter_sums() of vectors 4 i to 4 i
// + 3.
inline void store_quarter_sums(const Vec (&quarters)[4], float* target) {
  const auto halves = [](Vec x, Vec y) __attribute__((always_inline)) {
    return _mm512_shuffle_f32x4(x, y, 0x44) + _mm512_shuffle_f32x4(x, y, 0xee);
  };
  const Vec x = halves(quarters[0], quarters[1]), y = halves(quarters[2], quarters[3]);
  store(target, _mm512_shuffle_f32x4(x, y, 0x88) + _mm512_shuffle_f32x4(x, y, 0xdd));
}

}  // namespace
}  // namespace shrike::kernels
