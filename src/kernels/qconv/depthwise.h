// Depthwise convolution: as many groups as input and output channels.
//
// Outputs of a row are taken as one run of bytes, pixel after pixel, whatever the channels: output
// byte p is made of the bytes at p + offset of each tap. That holds in a band, into which the rows
// of inputs are copied with their padding; with a stride of s, pixels s apart are neighbours there.
// The bytes of a few taps are interleaved, so that they lie in the 4 bytes that the machine
// multiplies at once, and the sums come out in the order in which they are narrowed to bytes.
//
// In a band channels are filled up to a multiple of 8. What belongs to a channel repeats after
// `patterns` vectors. Weights, constants and scales are packed as the vectors need them:
//   weights [pattern][group of taps][output byte of a vector][element]
#pragma once

#include "kernels/qconv/qconv.h"
#include "kernels/qconv/tile.h"

namespace shrike::kernels {

// acc[p] = constants[p] + sum over g < groups, e < taps of a group of
//          band[offsets[g * group_taps + e] + p] * weights[g][p][e]
// output byte p = the output rule's of it. Byte p belongs to channel p % channel_pitch of pixel
// p / channel_pitch; what is in band, pixel by pixel, must be readable for one vector more.
struct QDepthwiseRow {
  const uint8_t* band;
  const int64_t* offsets;  // [groups * group_taps]
  int64_t groups;
  int64_t patterns;
  const std::byte* weights;  // [patterns][groups][vector], aligned to 64 bytes
  const int32_t* constants;  // [patterns][vector]
  const float* scales;       // [patterns][vector]
  const OutputRule* rule;
  uint8_t* output;
  int64_t output_pixel;  // stride
  const uint8_t* residual;
  int64_t residual_pixel;
  int64_t pixels;
  int64_t channels, channel_pitch;
};

using QDepthwiseFunction = void (*)(const QDepthwiseRow&);

struct QDepthwiseKernel {
  int vector_bytes;  // outputs computed at once
  int group_taps;    // 4 of bytes, 2 of int16
  QDepthwiseFunction (*function)(RuleKind kind, bool add);

  int element_bytes() const { return 4 / group_taps; }
};

extern const QDepthwiseKernel kQDepthwisePlain;
#if SHRIKE_KERNELS_AVX2
extern const QDepthwiseKernel kQDepthwiseAvx2;
extern const QDepthwiseKernel kQDepthwiseAvxVnni;
extern const QDepthwiseKernel kQDepthwiseAvx512;
extern const QDepthwiseKernel kQDepthwiseAvx512Vnni;
#endif

const char* qdepthwise_refuse(const QConvProblem& problem);
void qdepthwise_pack(const QDepthwiseKernel& kernel, const QConvProblem& problem,
                     const QConvWeights& weights, std::byte* packed);
size_t qdepthwise_packed_bytes(const QDepthwiseKernel& kernel, const QConvProblem& problem);
size_t qdepthwise_scratch_bytes(const QDepthwiseKernel& kernel, const QConvProblem& problem,
                                int threads);
void qdepthwise_run(const QDepthwiseKernel& kernel, const QConvProblem& problem,
                    const PackedConv& packed, const QConvMaps& maps, ThreadPool& pool,
                    std::span<std::byte> scratch);

}  // namespace shrike::kernels
