// Vectors of 16 floats and the activations on them, as in vector_avx2.h. Only for files compiled
// with AVX-512.
#pragma once

#include <immintrin.h>

#include "kernels/activation/activation.h"
#include "kernels/activation/power_table.h"

namespace shrike::kernels {
namespace {

using Vec = __m512;
using Mask = __mmask16;
constexpr int64_t kLanes = 16;

inline Vec splat(float value) { return _mm512_set1_ps(value); }
inline Vec load_aligned(const float* source) { return _mm512_load_ps(source); }
inline Vec load(const float* source) { return _mm512_loadu_ps(source); }
inline void store_aligned(float* target, Vec value) { _mm512_store_ps(target, value); }
inline void store(float* target, Vec value) { _mm512_storeu_ps(target, value); }

// Lanes 0 .. count-1; requires 0 <= count < 16.
inline Mask lane_mask(int64_t count) { return static_cast<Mask>((1u << count) - 1); }

// The first min(count, 16) floats, 0 in the other lanes; touches no more memory than that. Whole
// vectors apart: masked stores are slow on some processors.
inline Vec load_some(const float* source, int64_t count) {
  if (count >= kLanes) return load(source);
  return _mm512_maskz_loadu_ps(lane_mask(count), source);
}
inline void store_some(float* target, Vec value, int64_t count) {
  if (count >= kLanes) {
    store(target, value);
  } else {
    _mm512_mask_storeu_ps(target, lane_mask(count), value);
  }
}

// a * b + c and c - a * b, rounded once.
inline Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
inline Vec fnma(Vec a, Vec b, Vec c) { return _mm512_fnmadd_ps(a, b, c); }

// sum = fma(a, b, sum), in this order among others, for loops whose sums leave hardly a register:
// the compiler forms such sums in other registers and moves them back.
[[gnu::always_inline]] inline void add_product(Vec a, Vec b, Vec& sum) {
  asm volatile("vfmadd231ps %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
}
// The same of one value in memory, which no register holds.
[[gnu::always_inline]] inline void add_product(const float* a, Vec b, Vec& sum) {
  asm volatile("vfmadd231ps %1%{1to16%}, %2, %0" : "+v"(sum) : "m"(*a), "v"(b));
}

// The second operand where either is a NaN.
inline Vec smaller(Vec a, Vec b) { return _mm512_min_ps(a, b); }
inline Vec larger(Vec a, Vec b) { return _mm512_max_ps(a, b); }

inline Mask less(Vec a, Vec b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
inline Mask negative(Vec x) { return _mm512_movepi32_mask(_mm512_castps_si512(x)); }
inline Vec choose(Mask mask, Vec yes, Vec no) { return _mm512_mask_blend_ps(mask, no, yes); }

inline Vec bits_and(Vec a, Vec b) { return _mm512_and_ps(a, b); }
inline Vec bits_or(Vec a, Vec b) { return _mm512_or_ps(a, b); }
inline Vec bits_xor(Vec a, Vec b) { return _mm512_xor_ps(a, b); }
inline Vec bits_and_not(Vec a, Vec b) { return _mm512_andnot_ps(b, a); }

// 2^n of the n in the low bits of x.
inline Vec power_of_two(Vec x) {
  const __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512(x), 23);
  return _mm512_castsi512_ps(_mm512_add_epi32(exponent, _mm512_castps_si512(splat(1.0f))));
}

constexpr int kPowerBits = 4;
constexpr PowerTable<kPowerBits> kPowers = power_table<kPowerBits>();
inline Vec power_of_root(Vec x, Vec powers) {
  const __m512i n = _mm512_castps_si512(x);
  const __m512 entry = _mm512_permutexvar_ps(n, powers);
  return _mm512_castsi512_ps(
      _mm512_add_epi32(_mm512_slli_epi32(n, 23 - kPowerBits), _mm512_castps_si512(entry)));
}

inline Vec limited(Vec x, Vec, Vec most) {
  constexpr int kSmallerMagnitude = 2;  // with the sign of the first operand
  return _mm512_range_ps(x, most, kSmallerMagnitude);
}

inline Vec square_root(Vec x) { return _mm512_sqrt_ps(x); }
template <int kMode>
inline Vec round_to(Vec x) {
  return _mm512_roundscale_ps(x, kMode | _MM_FROUND_NO_EXC);
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/activation/functions.h"
