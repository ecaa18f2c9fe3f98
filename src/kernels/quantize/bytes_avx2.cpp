#include <immintrin.h>

#include "kernels/quantize/rows.h"

namespace shrike::kernels {

namespace {

// A table of 256 bytes as 16 tables of 16, each in both halves of a vector, every one as what
// differs from the one before it: a byte's tables up to its own, xored, are its value.
struct Table {
  __m256i parts[16];

  explicit Table(const uint8_t* table) {
    __m256i before = _mm256_setzero_si256();
    for (int t = 0; t < 16; ++t) {
      if (t == 8) before = _mm256_setzero_si256();  // the upper half starts anew
      const __m256i part = _mm256_broadcastsi128_si256(
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(table + 16 * t)));
      parts[t] = _mm256_xor_si256(part, before);
      before = part;
    }
  }

  // vpshufb takes 0 for an index with the highest bit set, and the lowest four bits of others. In
  // step t, index x - 16 t: from x / 16 < t on it is negative, and stays at -128 there.
  __m256i operator()(__m256i x) const {
    // x below 128 and above are told apart first, so that signed bytes hold x - 16 t.
    const __m256i sixteen = _mm256_set1_epi8(16), half = _mm256_set1_epi8(-128);
    const __m256i high = _mm256_cmpgt_epi8(_mm256_setzero_si256(), x);  // x >= 128
    __m256i low_index = _mm256_or_si256(x, high);    // out of reach where x >= 128
    __m256i high_index = _mm256_xor_si256(x, half);  // x - 128, out of reach below
    __m256i low = _mm256_setzero_si256(), upper = _mm256_setzero_si256();
#pragma GCC unroll 8
    for (int t = 0; t < 8; ++t) {
      low = _mm256_xor_si256(low, _mm256_shuffle_epi8(parts[t], low_index));
      upper = _mm256_xor_si256(upper, _mm256_shuffle_epi8(parts[8 + t], high_index));
      low_index = _mm256_subs_epi8(low_index, sixteen);
      high_index = _mm256_subs_epi8(high_index, sixteen);
    }
    return _mm256_blendv_epi8(low, upper, high);
  }
};

struct Summand {
  __m256i zero;
  __m256 ratio;

  __m256 operator()(const uint8_t* q) const {
    const __m256i wide = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(q)));
    return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(wide, zero)), ratio);
  }
};

}  // namespace

void lookup_row_avx2(const uint8_t* table, const uint8_t* in, uint8_t* out, int64_t length) {
  if (length < 32) return lookup_row_reference(table, in, out, length);
  const Table looked_up(table);
  int64_t i = 0;
  for (; i + 32 <= length; i += 32) {
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + i));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), looked_up(x));
  }
  for (; i < length; ++i) out[i] = table[in[i]];
}

void byte_sum_row_avx2(const ByteSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* out,
                       int64_t length) {
  const Summand first{_mm256_set1_epi32(sum.a_zero), _mm256_set1_ps(sum.a_ratio)};
  const Summand second{_mm256_set1_epi32(sum.b_zero), _mm256_set1_ps(sum.b_ratio)};
  const __m256 zero = _mm256_set1_ps(static_cast<float>(sum.out_zero));
  const __m256 lowest = _mm256_sub_ps(_mm256_setzero_ps(), zero);
  const __m256 largest = _mm256_sub_ps(_mm256_set1_ps(255.0f), zero);
  int64_t i = 0;
  for (; i + 8 <= length; i += 8) {
    const __m256 real = _mm256_add_ps(first(a + i), second(b + i));
    const __m256 bounded = _mm256_max_ps(_mm256_min_ps(real, largest), lowest);
    const __m256 whole = _mm256_round_ps(bounded, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m256i q = _mm256_cvttps_epi32(_mm256_add_ps(whole, zero));
    const __m128i words =
        _mm_packus_epi32(_mm256_castsi256_si128(q), _mm256_extracti128_si256(q, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + i), _mm_packus_epi16(words, words));
  }
  byte_sum_row_reference(sum, a + i, b + i, out + i, length - i);
}

}  // namespace shrike::kernels
