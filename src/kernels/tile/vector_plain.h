// Vectors of 4 floats for any processor, by an extension that GCC and Clang have for all of them:
// left to itself GCC 12 multiplies vectors and adds their elements one by one. The operations are
// those of activation/vector_avx2.h that tiles and transforms need.
#pragma once

#include <cstdint>
#include <cstring>
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace shrike::kernels {
namespace {

using Vec [[gnu::vector_size(16)]] = float;
constexpr int64_t kLanes = 4;

inline Vec splat(float value) { return Vec{value, value, value, value}; }
inline Vec load(const float* source) {
  Vec result;
  std::memcpy(&result, source, sizeof result);
  return result;
}
inline Vec load_aligned(const float* source) { return load(source); }
inline void store_aligned(float* target, Vec value) { std::memcpy(target, &value, sizeof value); }

// The first min(n, 4) floats, 0 in the other lanes; touches no more memory than that.
inline Vec load_some(const float* source, int64_t n) {
  if (n >= kLanes) return load(source);
  Vec result = splat(0.0f);
  std::memcpy(&result, source, static_cast<size_t>(n) * sizeof(float));
  return result;
}

inline Vec larger(Vec a, Vec b) { return a > b ? a : b; }

// a * b + c, rounded once where every processor of the architecture can, else twice.
inline Vec fma(Vec a, Vec b, Vec c) {
#if defined(__aarch64__)
  return reinterpret_cast<Vec>(vfmaq_f32(reinterpret_cast<float32x4_t>(c),
                                         reinterpret_cast<float32x4_t>(a),
                                         reinterpret_cast<float32x4_t>(b)));
#else
  return a * b + c;
#endif
}

}  // namespace
}  // namespace shrike::kernels
