#include "kernels/activation/vector_avx512.h"

namespace shrike::kernels {
namespace {

// Halves next to each other are added and vectors joined, until all have one lane.
inline Vec halves(Vec a, Vec b) { return _mm512_unpacklo_ps(a, b) + _mm512_unpackhi_ps(a, b); }
inline Vec quarters(Vec ab, Vec cd) {
  const __m512d a = _mm512_castps_pd(ab), c = _mm512_castps_pd(cd);
  return _mm512_castpd_ps(_mm512_unpacklo_pd(a, c)) + _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
}
// Of 128 bits each.
inline Vec quads(Vec a, Vec b) {
  constexpr int kEven = 0x88, kOdd = 0xdd;
  return _mm512_shuffle_f32x4(a, b, kEven) + _mm512_shuffle_f32x4(a, b, kOdd);
}

[[gnu::always_inline]] inline Vec added_up(const Vec (&v)[16]) {
  Vec four[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i)
    four[i] = quarters(halves(v[4 * i], v[4 * i + 1]), halves(v[4 * i + 2], v[4 * i + 3]));
  return quads(quads(four[0], four[1]), quads(four[2], four[3]));
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/conv/pointwise_few_form.h"

namespace shrike::kernels {

const PointwiseFew kPointwiseFewAvx512 = {kLanes, few_function};

}  // namespace shrike::kernels
