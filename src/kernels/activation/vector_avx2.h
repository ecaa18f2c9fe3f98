// Vectors of 8 floats and the activations on them. Only for files compiled with AVX2 and FMA:
// everything lies in an unnamed namespace, so that no other file's copy can be replaced by one of
// these.
#pragma once

#include <immintrin.h>

#include "kernels/activation/activation.h"
#include "kernels/activation/power_table.h"
#include "kernels/tile/mask_avx2.h"

namespace shrike::kernels {
namespace {

using Vec = __m256;
using Mask = __m256;  // of a lane's bits the highest counts
constexpr int64_t kLanes = 8;

inline Vec splat(float value) { return _mm256_set1_ps(value); }
inline Vec load_aligned(const float* source) { return _mm256_load_ps(source); }
inline Vec load(const float* source) { return _mm256_loadu_ps(source); }
inline void store_aligned(float* target, Vec value) { _mm256_store_ps(target, value); }
inline void store(float* target, Vec value) { _mm256_storeu_ps(target, value); }

// a * b + c and c - a * b, rounded once.
inline Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
inline Vec fnma(Vec a, Vec b, Vec c) { return _mm256_fnmadd_ps(a, b, c); }

// The second operand where either is a NaN.
inline Vec smaller(Vec a, Vec b) { return _mm256_min_ps(a, b); }
inline Vec larger(Vec a, Vec b) { return _mm256_max_ps(a, b); }

inline Mask less(Vec a, Vec b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
inline Mask negative(Vec x) { return x; }
inline Vec choose(Mask mask, Vec yes, Vec no) { return _mm256_blendv_ps(no, yes, mask); }

inline Vec bits_and(Vec a, Vec b) { return _mm256_and_ps(a, b); }
inline Vec bits_or(Vec a, Vec b) { return _mm256_or_ps(a, b); }
inline Vec bits_xor(Vec a, Vec b) { return _mm256_xor_ps(a, b); }
inline Vec bits_and_not(Vec a, Vec b) { return _mm256_andnot_ps(b, a); }

// 2^n of the n in the low bits of x.
inline Vec power_of_two(Vec x) {
  const __m256i exponent = _mm256_slli_epi32(_mm256_castps_si256(x), 23);
  return _mm256_castsi256_ps(_mm256_add_epi32(exponent, _mm256_castps_si256(splat(1.0f))));
}

// 2^(n / 2^kPowerBits) of the n in the low bits of x, with kPowers.
constexpr int kPowerBits = 3;
constexpr PowerTable<kPowerBits> kPowers = power_table<kPowerBits>();
inline Vec power_of_root(Vec x, Vec powers) {
  const __m256i n = _mm256_castps_si256(x);
  const __m256 entry = _mm256_permutevar8x32_ps(powers, n);
  return _mm256_castsi256_ps(
      _mm256_add_epi32(_mm256_slli_epi32(n, 23 - kPowerBits), _mm256_castps_si256(entry)));
}

// x brought into least .. most, which are -most .. most. Of a NaN some number or a NaN.
inline Vec limited(Vec x, Vec least, Vec most) { return smaller(most, larger(least, x)); }

inline Vec square_root(Vec x) { return _mm256_sqrt_ps(x); }
template <int kMode>
inline Vec round_to(Vec x) {
  return _mm256_round_ps(x, kMode | _MM_FROUND_NO_EXC);
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/activation/functions.h"
