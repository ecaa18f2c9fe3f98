// One output pixel of a max pooling of bytes: what the kernels of the table differ in.
#pragma once

#include <cstdint>

namespace shrike::kernels {

// output[c] = max over i < taps_h, j < taps_w of input[i * row_step + j * tap_step + c],
// c < channels
struct BytePoolWindow {
  const uint8_t* input;
  int64_t row_step, tap_step;
  int64_t taps_h, taps_w;
  int64_t channels;
  uint8_t* output;
};

void byte_pool_window_reference(const BytePoolWindow& window);
#if SHRIKE_KERNELS_AVX2
void byte_pool_window_avx2(const BytePoolWindow& window);
#endif

}  // namespace shrike::kernels
