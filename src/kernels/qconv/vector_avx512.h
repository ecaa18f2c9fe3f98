// The vectors of AVX-512 that tiles and output rules are made of: 16 int32 (Ints) or floats, 32
// int16 (Words), as in vector_avx2.h. Only for files compiled with AVX-512.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/qconv/output_rule.h"

namespace shrike::kernels {
namespace {

using Ints = __m512i;
using Words = __m512i;
using Floats = __m512;
constexpr int kInts = 16;

inline Ints load_ints(const void* source) { return _mm512_load_si512(source); }
inline Ints splat_step(const std::byte* source) {
  int32_t step;
  std::memcpy(&step, source, sizeof step);
  return _mm512_set1_epi32(step);
}

inline Ints load_bytes(const uint8_t* source) { return _mm512_loadu_si512(source); }
inline Ints load_words(const int16_t* source) { return _mm512_loadu_si512(source); }
// Of the bytes or words of a and b in every 16 bytes the first half or the second, alternately.
inline Ints interleave_bytes_low(Ints a, Ints b) { return _mm512_unpacklo_epi8(a, b); }
inline Ints interleave_bytes_high(Ints a, Ints b) { return _mm512_unpackhi_epi8(a, b); }
inline Ints interleave_words_low(Ints a, Ints b) { return _mm512_unpacklo_epi16(a, b); }
inline Ints interleave_words_high(Ints a, Ints b) { return _mm512_unpackhi_epi16(a, b); }

inline Floats splat(float value) { return _mm512_set1_ps(value); }
inline Floats load_floats(const float* source) { return _mm512_load_ps(source); }
inline void store_floats(float* target, Floats value) { _mm512_storeu_ps(target, value); }
inline Floats to_floats(Ints value) { return _mm512_cvtepi32_ps(value); }
inline Floats smaller(Floats a, Floats b) { return _mm512_min_ps(a, b); }
inline Floats larger(Floats a, Floats b) { return _mm512_max_ps(a, b); }
// value < 0 ? slope * value : value
inline Floats bend(Floats value, Floats slope) {
  return _mm512_mask_mul_ps(value, _mm512_movepi32_mask(_mm512_castps_si512(value)), value, slope);
}
inline Floats bytes_to_floats(const uint8_t* source) {
  return _mm512_cvtepi32_ps(
      _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(source))));
}

// Rounded to even, saturated below -2^31 alone.
inline Ints round(Floats value) { return _mm512_cvtps_epi32(value); }
inline Ints truncate(Floats value) { return _mm512_cvttps_epi32(value); }
inline Floats gather(const float* table, Ints index) {
  return _mm512_i32gather_ps(index, table, sizeof(float));
}

// a and b saturated to 16 bits, in the order that order() gives to others and bytes() undoes.
inline Words narrow(Ints a, Ints b) { return _mm512_packs_epi32(a, b); }
inline Words order(Words in_sequence) {
  return _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7), in_sequence);
}
// 32 bytes of each of two Words, saturated, in sequence.
inline Ints bytes(Words a, Words b) {
  return _mm512_permutexvar_epi32(
      _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
      _mm512_packus_epi16(a, b));
}
// The same, 8 bytes of a and of b in each quarter.
inline Ints lanes_of_bytes(Words a, Words b) { return _mm512_packus_epi16(a, b); }
inline Words bytes_to_words(const uint8_t* source) {
  return _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(source)));
}
// 16 bytes, zeros behind them.
inline Words half_bytes_to_words(const uint8_t* source) {
  return _mm512_cvtepu8_epi16(
      _mm256_zextsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(source))));
}
inline void store_bytes(std::byte* target, Ints value) { _mm512_store_si512(target, value); }
inline void store_words(std::byte* target, Words value) { _mm512_storeu_si512(target, value); }

inline Words splat_word(int value) { return _mm512_set1_epi16(static_cast<int16_t>(value)); }
inline Words add_saturated(Words a, Words b) { return _mm512_adds_epi16(a, b); }
inline Words subtract_saturated(Words a, Words b) { return _mm512_subs_epi16(a, b); }
inline Words subtract(Words a, Words b) { return _mm512_sub_epi16(a, b); }
inline Words larger_word(Words a, Words b) { return _mm512_max_epi16(a, b); }
inline Words smaller_unsigned(Words a, Words b) { return _mm512_min_epu16(a, b); }
inline Words size_of_words(Words a) { return _mm512_abs_epi16(a); }
inline Words multiply_high(Words a, Words b) { return _mm512_mulhrs_epi16(a, b); }
inline Words multiply_high_unsigned(Words a, Words b) { return _mm512_mulhi_epu16(a, b); }
inline Words smaller_word(Words a, Words b) { return _mm512_min_epi16(a, b); }
inline Words exclusive_or(Words a, Words b) { return _mm512_xor_si512(a, b); }
inline Words shift_left(Words a, __m128i count) { return _mm512_sll_epi16(a, count); }
inline Words shift_right(Words a, __m128i count) { return _mm512_sra_epi16(a, count); }
template <int kCount>
inline Words shift_left(Words a) {
  return _mm512_slli_epi16(a, kCount);
}
inline Words add(Words a, Words b) { return _mm512_add_epi16(a, b); }

inline Ints add_ints(Ints a, Ints b) { return _mm512_add_epi32(a, b); }
inline Ints subtract_ints(Ints a, Ints b) { return _mm512_sub_epi32(a, b); }
inline Ints multiply_ints(Ints a, int32_t b) { return _mm512_mullo_epi32(a, _mm512_set1_epi32(b)); }
template <int kCount>
inline Ints shift_left_ints(Ints a) {
  return _mm512_slli_epi32(a, kCount);
}
template <int kCount>
inline Ints shift_right_ints(Ints a) {
  return _mm512_srai_epi32(a, kCount);
}
inline void store_ints(int32_t* target, Ints value) { _mm512_store_si512(target, value); }
// What interleave_words_low and _high were added up to, as the words lie.
inline void put_in_sequence(Ints& low, Ints& high) {
  const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
  const __m512i second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
  const Ints sequence = _mm512_permutex2var_epi64(low, first, high);
  high = _mm512_permutex2var_epi64(low, second, high);
  low = sequence;
}
// The upper halves of sums to what they count.
inline void carry(Ints& sums, Ints& high) {
  high = add_ints(high, shift_right_ints<16>(sums));
  sums = _mm512_and_si512(sums, _mm512_set1_epi32(0xffff));
}
// 2^16 * high + low, rounded once.
inline Floats long_to_floats(Ints high, Ints low) {
  const auto half = [](__m256i upper, __m256i lower) {
    return _mm512_cvtpd_ps(_mm512_cvtepi32_pd(upper) * _mm512_set1_pd(65536) +
                           _mm512_cvtepi32_pd(lower));
  };
  const __m256 first = half(_mm512_castsi512_si256(high), _mm512_castsi512_si256(low));
  const __m256 second = half(_mm512_extracti64x4_epi64(high, 1), _mm512_extracti64x4_epi64(low, 1));
  return _mm512_insertf32x8(_mm512_castps256_ps512(first), second, 1);
}

// One of 16 words a sign by bits 11 to 14 of t: all 32 fit a vector.
class Coefficients {
 public:
  explicit Coefficients(const int16_t (&words)[2][kCurveSegments])
      : words_(_mm512_loadu_si512(words)) {}

  using Index = Words;  // the low 5 bits count
  template <bool kBySign>
  static Index index(Words t, Words u) {
    const Words segment = _mm512_srli_epi16(t, 11);
    if constexpr (!kBySign) return segment;
    return _mm512_or_si512(segment, _mm512_slli_epi16(_mm512_srli_epi16(u, 15), 4));
  }

  template <bool>
  Words at(Index index) const {
    return _mm512_permutexvar_epi16(index, words_);
  }

 private:
  Words words_;
};

}  // namespace
}  // namespace shrike::kernels
