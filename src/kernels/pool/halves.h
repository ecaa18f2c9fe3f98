// Max pooling of 2x2 windows at stride 2 that lie in the map as a whole, as halving networks do:
// rows of straight code where others look at each window.
#pragma once

#include "kernels/pool/pool.h"

namespace shrike::kernels {

// One row of the output, all channels c:
//   output[x * out_step + c] = the largest of input[i * row_step + (2 x + j) * pixel_step + c],
//                              i < 2, j < 2
struct HalvesRow {
  const float* input;
  int64_t row_step, pixel_step;
  float* output;
  int64_t out_step, out_width;
  int64_t channels;
};

const char* halves_pool_refuse(const PoolProblem& problem);
#if SHRIKE_KERNELS_AVX2
void halves_pool_row_avx2(const HalvesRow& row);
void halves_pool_avx2(const PoolProblem& problem, const ConstMapView& input, const MapView& output,
                      ThreadPool& pool);
#endif

}  // namespace shrike::kernels
