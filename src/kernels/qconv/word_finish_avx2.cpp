#include <cstring>

#include "kernels/activation/vector_avx2.h"

namespace shrike::kernels {
namespace {

inline Vec words_to_floats(const int16_t* source, int64_t count) {
  __m128i words;
  if (count >= kLanes) {
    words = _mm_loadu_si128(reinterpret_cast<const __m128i*>(source));
  } else {
    int16_t some[kLanes] = {};
    for (int64_t i = 0; i < count; ++i) some[i] = source[i];
    std::memcpy(&words, some, sizeof words);
  }
  return _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(words));
}

inline void store_words(int16_t* target, Vec value, int zero, int64_t count) {
  const __m256i whole = _mm256_add_epi32(_mm256_cvtps_epi32(value), _mm256_set1_epi32(zero));
  const __m128i words =
      _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
  if (count >= kLanes) return _mm_storeu_si128(reinterpret_cast<__m128i*>(target), words);
  int16_t some[kLanes];
  std::memcpy(some, &words, sizeof words);
  for (int64_t i = 0; i < count; ++i) target[i] = some[i];
}

inline void store_values(float* target, Vec value, int64_t count) {
  store_some(target, value, count);
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/qconv/word_finish_body.h"

namespace shrike::kernels {

void finish_words_avx2(const WordFinish& finish) { finish_any(finish); }

}  // namespace shrike::kernels
