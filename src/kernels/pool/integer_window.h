// One output pixel of a max pooling of bytes or words: what the kernels of the tables differ in.
#pragma once

#include <cstdint>

namespace shrike::kernels {

// output[c] = max over i < taps_h, j < taps_w of input[i * row_step + j * tap_step + c],
// c < channels
template <typename T>
struct IntegerPoolWindow {
  const T* input;
  int64_t row_step, tap_step;
  int64_t taps_h, taps_w;
  int64_t channels;
  T* output;
};

#if SHRIKE_KERNELS_AVX2
void byte_pool_window_avx2(const IntegerPoolWindow<uint8_t>& window);
void word_pool_window_avx2(const IntegerPoolWindow<int16_t>& window);
#endif

}  // namespace shrike::kernels
