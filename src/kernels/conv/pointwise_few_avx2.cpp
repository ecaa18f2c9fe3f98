#include "kernels/activation/vector_avx2.h"

namespace shrike::kernels {
namespace {

// Halves next to each other are added and vectors joined, until all have one lane.
inline Vec halves(Vec a, Vec b) { return _mm256_unpacklo_ps(a, b) + _mm256_unpackhi_ps(a, b); }
inline Vec quarters(Vec ab, Vec cd) {
  const __m256d a = _mm256_castps_pd(ab), c = _mm256_castps_pd(cd);
  return _mm256_castpd_ps(_mm256_unpacklo_pd(a, c)) + _mm256_castpd_ps(_mm256_unpackhi_pd(a, c));
}

[[gnu::always_inline]] inline Vec added_up(const Vec (&v)[8]) {
  const Vec low = quarters(halves(v[0], v[1]), halves(v[2], v[3]));
  const Vec high = quarters(halves(v[4], v[5]), halves(v[6], v[7]));
  constexpr int kFirsts = 0x20, kSeconds = 0x31;  // 128 bits of either
  return _mm256_permute2f128_ps(low, high, kFirsts) + _mm256_permute2f128_ps(low, high, kSeconds);
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/conv/pointwise_few_form.h"

namespace shrike::kernels {

const PointwiseFew kPointwiseFewAvx2 = {kLanes, few_function};

}  // namespace shrike::kernels
