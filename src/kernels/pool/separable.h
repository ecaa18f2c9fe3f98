// Max pooling of stride 1 in two steps: the largest of each column's taps, then of those across.
// kernel_h + kernel_w comparisons an output instead of kernel_h * kernel_w.
#pragma once

#include "kernels/pool/pool.h"

namespace shrike::kernels {

// One row of the output, all channels c:
//   column[u] = max over i < taps_h of input[i * row_step + u * pixel_step + c],  u < in_width
//   output[x * out_step + c] = max over j < kernel_w of column[x - pad_left + j * dilation_w],
//                              those inside the map
struct PoolLine {
  const float* input;  // column 0 of the first row that is inside the map
  int64_t row_step, taps_h;
  int64_t pixel_step, in_width;
  int64_t pad_left, kernel_w, dilation_w;
  float* output;
  int64_t out_step, out_width;
  int64_t channels;
};

// Columns of which the largest are kept: those of the map and of its padding.
inline constexpr int64_t kMaxPoolLine = 512;

const char* separable_pool_refuse(const PoolProblem& problem);
#if SHRIKE_KERNELS_AVX2
void separable_pool_line_avx2(const PoolLine& line);
void separable_pool_avx2(const PoolProblem& problem, const ConstMapView& input,
                         const MapView& output, ThreadPool& pool);
#endif

}  // namespace shrike::kernels
