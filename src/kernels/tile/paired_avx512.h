// Two inputs a vector, in even and in odd lanes (conv/side_by_side.h). Included behind
// activation/vector_avx512.h.
#pragma once

#include <cstring>

namespace shrike::kernels {
namespace {

// Lanes 2j and 2j + 1 are the two values.
inline Vec two_values(const float* source) {
  double both;
  std::memcpy(&both, source, sizeof both);
  Vec x = _mm512_castpd_ps(_mm512_set1_pd(both));
  asm("" : "+v"(x));  // in a register: not loaded again for another product
  return x;
}

// The last one of an odd number, and zeros.
inline Vec one_value(const float* source) {
  constexpr __mmask16 kFirsts = 0x5555;
  return _mm512_maskz_broadcastss_ps(kFirsts, _mm_load_ss(source));
}

// Sums of two vectors' pairs of lanes, those of `even` in even lanes.
inline Vec added_pairs(Vec even, Vec odd) {
  constexpr __mmask16 kEven = 0x5555, kOdd = 0xAAAA;
  return _mm512_mask_moveldup_ps(even, kOdd, odd) + _mm512_mask_movehdup_ps(odd, kEven, even);
}

}  // namespace
}  // namespace shrike::kernels
