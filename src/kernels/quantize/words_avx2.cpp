#include <immintrin.h>

#include "kernels/quantize/word_rows.h"

namespace shrike::kernels {

namespace {

// From steps to words.
struct Rounding {
  explicit Rounding(int z)
      : zero(_mm256_set1_epi32(z)),
        lowest(_mm256_set1_ps(static_cast<float>(-32768 - z))),
        largest(_mm256_set1_ps(static_cast<float>(32767 - z))) {}

  __m128i operator()(__m256 steps) const {
    const __m256 bounded = _mm256_max_ps(_mm256_min_ps(steps, largest), lowest);
    const __m256i q = _mm256_add_epi32(_mm256_cvtps_epi32(bounded), zero);
    return _mm_packs_epi32(_mm256_castsi256_si128(q), _mm256_extracti128_si256(q, 1));
  }

  __m256i zero;
  __m256 lowest, largest;
};

// From words to (q - zero) * ratio.
struct Reading {
  Reading(int z, float r) : zero(_mm256_set1_epi32(z)), ratio(_mm256_set1_ps(r)) {}

  __m256 operator()(const int16_t* q) const {
    const __m256i wide =
        _mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(q)));
    return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(wide, zero)), ratio);
  }

  __m256i zero;
  __m256 ratio;
};

inline void store(int16_t* target, __m128i words) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(target), words);
}

}  // namespace

void quantize_words_avx2(const WordScale& form, const float* in, int16_t* out, int64_t length) {
  const Rounding rounded(form.zero);
  const __m256 scale = _mm256_set1_ps(form.scale);
  int64_t i = 0;
  for (; i + 8 <= length; i += 8) {
    const __m256 steps = _mm256_div_ps(_mm256_loadu_ps(in + i), scale);
    const __m256 ordered = _mm256_cmp_ps(steps, steps, _CMP_ORD_Q);
    store(out + i, rounded(_mm256_and_ps(steps, ordered)));
  }
  quantize_words_reference(form, in + i, out + i, length - i);
}

void dequantize_words_avx2(const WordScale& form, const int16_t* in, float* out, int64_t length) {
  const Reading real(form.zero, form.scale);
  int64_t i = 0;
  for (; i + 8 <= length; i += 8) _mm256_storeu_ps(out + i, real(in + i));
  dequantize_words_reference(form, in + i, out + i, length - i);
}

void sum_words_avx2(const WordSum& sum, const int16_t* a, const int16_t* b, int16_t* out,
                    int64_t length) {
  const Reading first(sum.a_zero, sum.a_ratio), second(sum.b_zero, sum.b_ratio);
  const Rounding rounded(sum.out_zero);
  int64_t i = 0;
  for (; i + 8 <= length; i += 8)
    store(out + i, rounded(_mm256_add_ps(first(a + i), second(b + i))));
  sum_words_reference(sum, a + i, b + i, out + i, length - i);
}

}  // namespace shrike::kernels
