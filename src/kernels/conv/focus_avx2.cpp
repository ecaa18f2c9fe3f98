#include "kernels/activation/vector_avx2.h"
#include "kernels/conv/focus_form.h"

namespace shrike::kernels {

namespace {

// Eight pixels are two vectors of each plane; of two planes' pairs of floats a half of a vector is
// a third of a pixel.
void blocks_of_planes(const float* const (&planes)[6], int64_t blocks, float* target) {
  for (int64_t x = 0; x < blocks * 2 * kFocusBlock; x += kLanes)
    for (int64_t third = 0; third < 3; ++third) {
      const __m256d a = _mm256_castps_pd(load(planes[2 * third] + x));
      const __m256d b = _mm256_castps_pd(load(planes[2 * third + 1] + x));
      const Vec even = _mm256_castpd_ps(_mm256_unpacklo_pd(a, b));
      const Vec odd = _mm256_castpd_ps(_mm256_unpackhi_pd(a, b));
      float* at = target + x / 2 * kFocusChannels + third * 4;
      _mm_store_ps(at, _mm256_castps256_ps128(even));
      _mm_store_ps(at + kFocusChannels, _mm256_castps256_ps128(odd));
      _mm_store_ps(at + 2 * kFocusChannels, _mm256_extractf128_ps(even, 1));
      _mm_store_ps(at + 3 * kFocusChannels, _mm256_extractf128_ps(odd, 1));
    }
}

FocusFinishFunction finish_of(ActivationKind kind) {
  return with_vector_activation(
      kind, []<typename Act>() -> FocusFinishFunction { return focus_finish<Act>; });
}

}  // namespace

constinit const FocusKernel kFocusAvx2 = {.tiles = FocusSingle<6>::kTiles,
                                          .groups = 4,
                                          .beside = {},
                                          .blocks = {blocks_of_planes, blocks_of_pixels},
                                          .columns = focus_columns,
                                          .points = focus_points,
                                          .multiply = focus_multiply<FocusSingle<6>>,
                                          .finish = finish_of};

}  // namespace shrike::kernels
