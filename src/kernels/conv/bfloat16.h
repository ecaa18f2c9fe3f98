// Convolution by products of bfloat16: inputs and weights are rounded to 8 bits of mantissa (to
// nearest, ties to even; denormals to 0), their products are exact and added in fp32. Only where
// the problem allows it (ConvProblem::precision).
//
// A block of pixels is rounded into scratch, tap behind tap, and meets all panels of weights there.
// What is multiplied are pairs, the even channel in the low half: taps of an odd number of channels
// end with a zero. Weights are packed
//   [panel of tile.columns outputs][tap][pair of channels][tile.columns], then the biases
// A processor with such products does twice as many an instruction as in fp32: a direct convolution
// is about as fast as Winograd's at stride 1, and faster elsewhere.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/tile/tile.h"

namespace shrike::kernels {

using Bfloat16Pair = uint32_t;

//   sums[i][j] = bias[j] + sum over k < depth of the two products of
//                rows[i * depth + k] and weights[k][j],  i < count, k in order, the low halves
//                first or last as the processor does, which takes sums that are denormal for 0
struct Bfloat16Sums {
  const Bfloat16Pair* rows;
  int64_t count;
  int64_t depth;
  const Bfloat16Pair* weights;  // [depth][tile.columns], aligned to 64 bytes
  const float* bias;            // [tile.columns]
  float* sums;                  // [count][tile.columns], aligned to 64 bytes
  int64_t columns;              // wanted, as TileSums::count
};

struct Bfloat16Kernel {
  const TileKernel* tile;  // whose shape the sums have, and which finishes them
  void (*sums)(const Bfloat16Sums&);
  // target[i] = the rounded source[i], i < count; then a zero if count is odd.
  void (*round)(const float* source, int64_t count, uint16_t* target);
};

#if SHRIKE_KERNELS_AVX2
extern const Bfloat16Kernel kBfloat16Avx512;
#endif

// As the processor rounds: to nearest even, denormals to zero, NaN stays NaN.
uint16_t rounded_to_bfloat16(float value);

// Refuses, with problem.by_estimate, what fp32 is estimated to do faster.
const char* bfloat16_refuse(const Bfloat16Kernel& kernel, const ConvProblem& problem);
// As winograd_cost().
double bfloat16_cost(const ConvProblem& problem);
size_t bfloat16_packed_bytes(const Bfloat16Kernel& kernel, const ConvProblem& problem);
void bfloat16_pack(const Bfloat16Kernel& kernel, const ConvProblem& problem, const float* weights,
                   const float* bias, float* packed);
size_t bfloat16_scratch_bytes(const Bfloat16Kernel& kernel, const ConvProblem& problem,
                              int threads);
void bfloat16_run(const Bfloat16Kernel& kernel, const ConvProblem& problem,
                  const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                  std::span<std::byte> scratch);

}  // namespace shrike::kernels
