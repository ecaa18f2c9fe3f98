// The vectors of AVX2 that tiles and output rules are made of: 8 int32 (Ints) or floats, 16 int16
// (Words). Only for files compiled with AVX2: unnamed namespace for the reason given in
// activation/vector_avx2.h.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/qconv/output_rule.h"

namespace shrike::kernels {
namespace {

using Ints = __m256i;
using Words = __m256i;
using Floats = __m256;
constexpr int kInts = 8;

inline Ints load_ints(const void* source) {
  return _mm256_load_si256(static_cast<const __m256i*>(source));
}
inline Ints splat_step(const std::byte* source) {
  int32_t step;
  std::memcpy(&step, source, sizeof step);
  return _mm256_set1_epi32(step);
}

inline Ints load_bytes(const uint8_t* source) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(source));
}
inline Ints load_words(const int16_t* source) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(source));
}
// Of the bytes or words of a and b in every 16 bytes the first half or the second, alternately.
inline Ints interleave_bytes_low(Ints a, Ints b) { return _mm256_unpacklo_epi8(a, b); }
inline Ints interleave_bytes_high(Ints a, Ints b) { return _mm256_unpackhi_epi8(a, b); }
inline Ints interleave_words_low(Ints a, Ints b) { return _mm256_unpacklo_epi16(a, b); }
inline Ints interleave_words_high(Ints a, Ints b) { return _mm256_unpackhi_epi16(a, b); }

inline Floats splat(float value) { return _mm256_set1_ps(value); }
inline Floats load_floats(const float* source) { return _mm256_load_ps(source); }
inline void store_floats(float* target, Floats value) { _mm256_storeu_ps(target, value); }
inline Floats to_floats(Ints value) { return _mm256_cvtepi32_ps(value); }
inline Floats smaller(Floats a, Floats b) { return _mm256_min_ps(a, b); }
inline Floats larger(Floats a, Floats b) { return _mm256_max_ps(a, b); }
// value < 0 ? slope * value : value
inline Floats bend(Floats value, Floats slope) {
  return _mm256_blendv_ps(value, value * slope, value);
}
inline Floats bytes_to_floats(const uint8_t* source) {
  return _mm256_cvtepi32_ps(
      _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(source))));
}

// Rounded to even, saturated below -2^31 alone.
inline Ints round(Floats value) { return _mm256_cvtps_epi32(value); }
inline Ints truncate(Floats value) { return _mm256_cvttps_epi32(value); }
inline Floats gather(const float* table, Ints index) {
  return _mm256_i32gather_ps(table, index, sizeof(float));
}

// a and b saturated to 16 bits, in the order that order() gives to others and bytes() undoes.
inline Words narrow(Ints a, Ints b) { return _mm256_packs_epi32(a, b); }
inline Words order(Words in_sequence) { return _mm256_permute4x64_epi64(in_sequence, 0xd8); }
// 16 bytes of each of two Words, saturated, in sequence.
inline Ints bytes(Words a, Words b) {
  return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(a, b),
                                     _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}
// The same, 8 bytes of a and of b in each half.
inline Ints lanes_of_bytes(Words a, Words b) { return _mm256_packus_epi16(a, b); }
inline Words bytes_to_words(const uint8_t* source) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(source)));
}
// 16 bytes, which is a vector here.
inline Words half_bytes_to_words(const uint8_t* source) { return bytes_to_words(source); }
inline void store_bytes(std::byte* target, Ints value) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(target), value);
}
inline void store_words(std::byte* target, Words value) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(target), value);
}

inline Words splat_word(int value) { return _mm256_set1_epi16(static_cast<int16_t>(value)); }
inline Words add_saturated(Words a, Words b) { return _mm256_adds_epi16(a, b); }
inline Words subtract_saturated(Words a, Words b) { return _mm256_subs_epi16(a, b); }
inline Words subtract(Words a, Words b) { return _mm256_sub_epi16(a, b); }
inline Words larger_word(Words a, Words b) { return _mm256_max_epi16(a, b); }
inline Words smaller_unsigned(Words a, Words b) { return _mm256_min_epu16(a, b); }
inline Words size_of_words(Words a) { return _mm256_abs_epi16(a); }
inline Words multiply_high(Words a, Words b) { return _mm256_mulhrs_epi16(a, b); }
inline Words multiply_high_unsigned(Words a, Words b) { return _mm256_mulhi_epu16(a, b); }
inline Words smaller_word(Words a, Words b) { return _mm256_min_epi16(a, b); }
inline Words exclusive_or(Words a, Words b) { return _mm256_xor_si256(a, b); }
inline Words shift_left(Words a, __m128i count) { return _mm256_sll_epi16(a, count); }
inline Words shift_right(Words a, __m128i count) { return _mm256_sra_epi16(a, count); }
template <int kCount>
inline Words shift_left(Words a) {
  return _mm256_slli_epi16(a, kCount);
}
inline Words add(Words a, Words b) { return _mm256_add_epi16(a, b); }

inline Ints add_ints(Ints a, Ints b) { return _mm256_add_epi32(a, b); }
inline Ints subtract_ints(Ints a, Ints b) { return _mm256_sub_epi32(a, b); }
inline Ints multiply_ints(Ints a, int32_t b) { return _mm256_mullo_epi32(a, _mm256_set1_epi32(b)); }
template <int kCount>
inline Ints shift_left_ints(Ints a) {
  return _mm256_slli_epi32(a, kCount);
}
template <int kCount>
inline Ints shift_right_ints(Ints a) {
  return _mm256_srai_epi32(a, kCount);
}
inline void store_ints(int32_t* target, Ints value) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(target), value);
}
// What interleave_words_low and _high were added up to, as the words lie.
inline void put_in_sequence(Ints& low, Ints& high) {
  const Ints first = _mm256_permute2x128_si256(low, high, 0x20);
  high = _mm256_permute2x128_si256(low, high, 0x31);
  low = first;
}
// The upper halves of sums to what they count.
inline void carry(Ints& sums, Ints& high) {
  high = add_ints(high, shift_right_ints<16>(sums));
  sums = _mm256_and_si256(sums, _mm256_set1_epi32(0xffff));
}
// 2^16 * high + low, rounded once.
inline Floats long_to_floats(Ints high, Ints low) {
  const auto half = [](__m128i upper, __m128i lower) {
    return _mm256_cvtpd_ps(_mm256_cvtepi32_pd(upper) * _mm256_set1_pd(65536) +
                           _mm256_cvtepi32_pd(lower));
  };
  const __m128 first = half(_mm256_castsi256_si128(high), _mm256_castsi256_si128(low));
  const __m128 second = half(_mm256_extracti128_si256(high, 1), _mm256_extracti128_si256(low, 1));
  return _mm256_set_m128(second, first);
}

// One of 16 words a sign by bits 11 to 14 of t: the low bytes of all, then the high ones.
class Coefficients {
 public:
  explicit Coefficients(const int16_t (&words)[2][kCurveSegments]) {
    for (int sign = 0; sign < 2; ++sign) {
      const __m256i all = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words[sign]));
      const __m256i sorted = _mm256_permute4x64_epi64(
          _mm256_shuffle_epi8(
              all, _mm256_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15, 0, 2, 4,
                                    6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15)),
          0xd8);
      low_[sign] = _mm256_permute4x64_epi64(sorted, 0x44);
      high_[sign] = _mm256_permute4x64_epi64(sorted, 0xee);
    }
  }

  struct Index {
    __m256i low, high;  // a byte's highest bit asks for 0
    Words negative;
  };
  template <bool kBySign>
  static Index index(Words t, Words u) {
    return {_mm256_or_si256(_mm256_srli_epi16(t, 11), splat_word(-0x8000)),
            _mm256_or_si256(_mm256_srli_epi16(t, 3), splat_word(0x80)),
            kBySign ? _mm256_srai_epi16(u, 15) : u};
  }

  template <bool kBySign>
  Words at(const Index& index) const {
    const Words right = of_sign(index, 0);
    if constexpr (!kBySign) return right;
    return _mm256_blendv_epi8(right, of_sign(index, 1), index.negative);
  }

 private:
  Words of_sign(const Index& index, int sign) const {
    return _mm256_or_si256(_mm256_shuffle_epi8(low_[sign], index.low),
                           _mm256_shuffle_epi8(high_[sign], index.high));
  }
  __m256i low_[2], high_[2];
};

}  // namespace
}  // namespace shrike::kernels
