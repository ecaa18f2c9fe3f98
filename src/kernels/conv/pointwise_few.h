// 1x1 convolution to at most four outputs (the boxes, objectness and few classes of a head): there
// vectors along the outputs would be mostly empty, so they lie along the input's channels.
//
// As many sums as a vector has lanes are computed at once, of pixels next to each other, and each
// vector of partial sums is then added up to one lane. Weights are packed
//   [O][padded depth], then the biases as the lanes of those sums want them
// O being out_channels, or 4 for 3, and zeros where the problem has nothing.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/conv/pointwise.h"

namespace shrike::kernels {

inline constexpr int64_t kMostOfFew = 4;

// A strip as PointwiseFunction has it, but for weights and biases, and without a residual.
struct PointwiseFew {
  int64_t lanes;
  PointwiseFunction (*function)(int64_t outputs, ActivationKind);
};

#if SHRIKE_KERNELS_AVX2
extern const PointwiseFew kPointwiseFewAvx2;
extern const PointwiseFew kPointwiseFewAvx512;
#endif

const char* pointwise_few_refuse(const PointwiseFew& few, const ConvProblem& problem);
size_t pointwise_few_packed_bytes(const PointwiseFew& few, const ConvProblem& problem);
void pointwise_few_pack(const PointwiseFew& few, const ConvProblem& problem, const float* weights,
                        const float* bias, float* packed);
void pointwise_few_run(const PointwiseFew& few, const ConvProblem& problem,
                       const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool);

}  // namespace shrike::kernels
