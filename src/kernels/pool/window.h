// One output pixel of a pooling: what the kernels of the table differ in.
#pragma once

#include "kernels/pool/pool.h"

namespace shrike::kernels {

// output[c] = max, or sum / divisor, over i < taps_h, j < taps_w of
//             input[i * row_step + j * tap_step + c],  c < channels
struct PoolWindow {
  PoolKind kind;
  const float* input;
  int64_t row_step, tap_step;
  int64_t taps_h, taps_w;
  int64_t channels;
  float divisor;
  float* output;
};

using PoolWindowFunction = void (*)(const PoolWindow&);

void pool_window_reference(const PoolWindow& window);
#if SHRIKE_KERNELS_AVX2
void pool_window_avx2(const PoolWindow& window);
#endif

}  // namespace shrike::kernels
