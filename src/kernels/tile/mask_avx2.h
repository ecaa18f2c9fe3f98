// Loads and stores of the first few of 8 floats. Only for files compiled with AVX2; unnamed
// namespace for the reason given in activation/vector_avx2.h.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace shrike::kernels {
namespace {

alignas(32) constexpr int32_t kMaskSource[16] = {-1, -1, -1, -1, -1, -1, -1, -1,
                                                 0,  0,  0,  0,  0,  0,  0,  0};

// Lanes 0 .. count-1; requires 0 <= count <= 8.
inline __m256i lane_mask(int64_t count) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMaskSource + 8 - count));
}

// The first min(count, 8) floats, 0 in the other lanes; touches no more memory than that.
inline __m256 load_some(const float* source, int64_t count) {
  if (count >= 8) return _mm256_loadu_ps(source);
  return _mm256_maskload_ps(source, lane_mask(count));
}

inline void store_some(float* target, __m256 value, int64_t count) {
  if (count >= 8) {
    _mm256_storeu_ps(target, value);
  } else {
    _mm256_maskstore_ps(target, lane_mask(count), value);
  }
}

}  // namespace
}  // namespace shrike::kernels
