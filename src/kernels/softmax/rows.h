// Inner loops of softmax. Input and output may be the same.
#pragma once

#include "kernels/softmax/softmax.h"

namespace shrike::kernels {

// `count` neighbouring softmaxes of length n, the elements of each `stride` apart:
// element k of softmax i at in[k * stride + i]. A stride of 1 requires a count of 1.
struct SoftmaxLanes {
  const float* in;
  float* out;
  int64_t n, stride, count;
};

using SoftmaxFunction = void (*)(const SoftmaxLanes&);

void softmax_lanes_reference(const SoftmaxLanes& lanes);
#if SHRIKE_KERNELS_AVX2
void softmax_lanes_avx2(const SoftmaxLanes& lanes);
#endif

}  // namespace shrike::kernels
