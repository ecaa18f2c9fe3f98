#include "kernels/activation/vector_avx512.h"

namespace shrike::kernels {
namespace {

inline Vec words_to_floats(const int16_t* source, int64_t count) {
  const __m256i words = count >= kLanes
                            ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(source))
                            : _mm256_maskz_loadu_epi16(lane_mask(count), source);
  return _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(words));
}

inline void store_words(int16_t* target, Vec value, int zero, int64_t count) {
  const __m512i whole = _mm512_add_epi32(_mm512_cvtps_epi32(value), _mm512_set1_epi32(zero));
  const __m256i words = _mm512_cvtepi32_epi16(whole);
  if (count >= kLanes) return _mm256_storeu_si256(reinterpret_cast<__m256i*>(target), words);
  _mm256_mask_storeu_epi16(target, lane_mask(count), words);
}

inline void store_values(float* target, Vec value, int64_t count) {
  store_some(target, value, count);
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/word_finish_body.h"

namespace shrike::kernels {

void finish_words_avx512(const WordFinish& finish) { finish_any(finish); }

}  // namespace shrike::kernels
