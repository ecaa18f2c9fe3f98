#include "kernels/activation/vector_avx512.h"

namespace shrike::kernels {
namespace {

inline float sum_lanes(Vec x) { return _mm512_reduce_add_ps(x); }

inline void store_lane_sums(const Vec (&x)[4], float* target) {
  const Vec a = _mm512_unpacklo_ps(x[0], x[1]) + _mm512_unpackhi_ps(x[0], x[1]);
  const Vec b = _mm512_unpacklo_ps(x[2], x[3]) + _mm512_unpackhi_ps(x[2], x[3]);
  const Vec c = _mm512_shuffle_ps(a, b, 0x44) + _mm512_shuffle_ps(a, b, 0xee);
  const __m256 half = _mm512_castps512_ps256(c) + _mm512_extractf32x8_ps(c, 1);
  _mm_storeu_ps(target, _mm256_castps256_ps128(half) + _mm256_extractf128_ps(half, 1));
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/conv/pointwise_pairs_form.h"

namespace shrike::kernels {

const PointwisePairs kPointwisePairsAvx512 = {
    {8, {kLanes, strip_function<PairSums, 8, 1>}, nullptr},
    {measure_shift, scale_panel<1>, begin_strip},
};

}  // namespace shrike::kernels
