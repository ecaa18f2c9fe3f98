// One float as a vector, with the operations of vector_avx2.h that alike.h needs and their results
// to the last bit: for kernels of any processor that must give the bits of the fast ones.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "kernels/activation/activation.h"

namespace shrike::kernels {
namespace {

using Vec = float;
constexpr int64_t kLanes = 1;

inline Vec splat(float value) { return value; }
inline Vec load_aligned(const float* source) { return *source; }

// a * b + c and c - a * b, rounded once.
inline Vec fma(Vec a, Vec b, Vec c) { return std::fma(a, b, c); }
inline Vec fnma(Vec a, Vec b, Vec c) { return std::fma(-a, b, c); }

// The second operand where either is a NaN.
inline Vec smaller(Vec a, Vec b) { return a < b ? a : b; }
inline Vec larger(Vec a, Vec b) { return a > b ? a : b; }

inline bool negative(Vec x) { return std::signbit(x); }
inline Vec choose(bool mask, Vec yes, Vec no) { return mask ? yes : no; }

inline Vec bits_and(Vec a, Vec b) {
  return std::bit_cast<float>(std::bit_cast<uint32_t>(a) & std::bit_cast<uint32_t>(b));
}
inline Vec bits_or(Vec a, Vec b) {
  return std::bit_cast<float>(std::bit_cast<uint32_t>(a) | std::bit_cast<uint32_t>(b));
}
inline Vec bits_xor(Vec a, Vec b) {
  return std::bit_cast<float>(std::bit_cast<uint32_t>(a) ^ std::bit_cast<uint32_t>(b));
}

// 2^n of the n in the low bits of x.
inline Vec power_of_two(Vec x) {
  return std::bit_cast<float>((std::bit_cast<uint32_t>(x) << 23) + std::bit_cast<uint32_t>(1.0f));
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/activation/alike.h"
