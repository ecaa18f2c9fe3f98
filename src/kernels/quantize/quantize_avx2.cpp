#include <immintrin.h>

#include "kernels/quantize/rows.h"
#include "kernels/tile/mask_avx2.h"

namespace shrike::kernels {

namespace {

struct Quantizer {
  __m256 scale, zero, lowest, largest;

  explicit Quantizer(const ByteScale& form)
      : scale(_mm256_set1_ps(form.scale)),
        zero(_mm256_set1_ps(static_cast<float>(form.zero))),
        lowest(_mm256_sub_ps(_mm256_setzero_ps(), zero)),
        largest(_mm256_sub_ps(_mm256_set1_ps(255.0f), zero)) {}

  // 8 bytes as integers of 32 bits.
  __m256i operator()(__m256 x) const {
    const __m256 ordered = _mm256_cmp_ps(x, x, _CMP_ORD_Q);
    const __m256 steps = _mm256_div_ps(_mm256_and_ps(x, ordered), scale);
    const __m256 bounded = _mm256_max_ps(_mm256_min_ps(steps, largest), lowest);
    const __m256 whole = _mm256_round_ps(bounded, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return _mm256_cvttps_epi32(_mm256_add_ps(whole, zero));
  }
};

// The lowest bytes of 8 integers, in order.
inline __m128i low_bytes(__m256i q) {
  const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(q), _mm256_extracti128_si256(q, 1));
  return _mm_packus_epi16(words, words);
}

}  // namespace

void quantize_row_avx2(const ByteScale& form, const float* in, uint8_t* out, int64_t length) {
  const Quantizer quantized(form);
  int64_t i = 0;
  for (; i + 8 <= length; i += 8)
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + i),
                     low_bytes(quantized(_mm256_loadu_ps(in + i))));
  if (i == length) return;
  alignas(16) uint8_t rest[16];
  _mm_store_si128(reinterpret_cast<__m128i*>(rest),
                  low_bytes(quantized(load_some(in + i, length - i))));
  for (int64_t j = 0; i < length; ++i, ++j) out[i] = rest[j];
}

void dequantize_row_avx2(const ByteScale& form, const uint8_t* in, float* out, int64_t length) {
  const __m256i zero = _mm256_set1_epi32(form.zero);
  const __m256 scale = _mm256_set1_ps(form.scale);
  int64_t i = 0;
  for (; i + 8 <= length; i += 8) {
    const __m256i q =
        _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(in + i)));
    _mm256_storeu_ps(out + i, _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(q, zero)), scale));
  }
  for (; i < length; ++i) out[i] = static_cast<float>(in[i] - form.zero) * form.scale;
}

}  // namespace shrike::kernels
