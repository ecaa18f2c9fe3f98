// Depthwise convolution: as many groups as input and output channels, 16 channels at a time.
//
// A row of outputs is made from columns: the inputs of one kernel column, whose `group_rows` rows
// stand beside each other in 4 bytes a channel, as the machine multiplies them. They are put there
// once and serve every window they lie in; with a stride of s, columns s apart are neighbours, so
// that those of consecutive outputs always are. Columns in the padding hold the input's zero.
//
// A vector holds 4 channels of `lanes` consecutive outputs. Weights are packed
//   [block of 16 channels][kernel column][group of rows][channel][element]
// with zeros for rows that only fill a group.
#pragma once

#include "kernels/qconv/qconv.h"
#include "kernels/qconv/tile.h"

namespace shrike::kernels {

inline constexpr int kDepthwiseChannels = 16;

// target[v * vector_stride + 16 * x + 4 * k + ...] = channel 4 v + k of rows[.] at x, x < count:
// group_rows elements of 4 bytes in all.
struct QColumns {
  const uint8_t* const* rows;  // [group_rows]
  const int64_t* steps;        // [group_rows], bytes from x to x + 1
  int64_t count;
  int64_t channels;  // that exist, 1 .. 16; others count as 0
  std::byte* target;
  int64_t vector_stride;  // bytes
};

// acc[x][c] = constants[c] + sum over t < taps of the products of column offsets[t] behind x with
// weights[t]; output[x * output_step + c] = the output rule's of it, x < count, c < channels.
struct QDepthwiseRow {
  const std::byte* columns;  // readable for kDepthwiseSlack outputs more than count
  int64_t vector_stride;
  const int64_t* offsets;  // [taps], bytes
  int64_t taps;
  const std::byte* weights;  // [taps][16][4 bytes]
  const int32_t* constants;
  const float* scales;
  const OutputRule* rule;
  uint8_t* output;
  int64_t output_step;
  const uint8_t* residual;
  int64_t residual_step;
  int64_t count;
  int64_t channels;
};

inline constexpr int64_t kDepthwiseSlack = 16;

using QDepthwiseFunction = void (*)(const QDepthwiseRow&);

struct QDepthwiseKernel {
  int group_rows;  // 4 of bytes, 2 of int16
  void (*columns)(const QColumns&);
  QDepthwiseFunction (*function)(RuleKind kind, bool add);

  int element_bytes() const { return 4 / group_rows; }
};

extern const QDepthwiseKernel kQDepthwisePlain;
#if SHRIKE_KERNELS_AVX2
extern const QDepthwiseKernel kQDepthwiseAvx2;
extern const QDepthwiseKernel kQDepthwiseAvx512;
extern const QDepthwiseKernel kQDepthwiseAvx512Vnni;
#endif

const char* qdepthwise_refuse(const QConvProblem& problem);
PackedConv qdepthwise_pack(const QDepthwiseKernel& kernel, const QConvProblem& problem,
                           const QConvWeights& weights);
size_t qdepthwise_scratch_bytes(const QDepthwiseKernel& kernel, const QConvProblem& problem,
                                int threads);
void qdepthwise_run(const QDepthwiseKernel& kernel, const QConvProblem& problem,
                    const PackedConv& packed, const QConvMaps& maps, ThreadPool& pool,
                    std::span<std::byte> scratch);

}  // namespace shrike::kernels
