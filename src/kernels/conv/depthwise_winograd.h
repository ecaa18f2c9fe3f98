// Depthwise convolution of 3x3 with stride 1 by F(2, 3) along rows (Winograd, "Arithmetic
// Complexity of Computations", 1980; Lavin and Gray, arXiv:1509.09308): of two outputs side by side
// a kernel's row w takes four products of the inputs d(0) .. d(3) around them instead of six,
//
//   m0 = (d0 - d2) * w0                       y0 = m0 + m1 + m2
//   m1 = (d1 + d2) * (w0 + w1 + w2) / 2       y1 = m1 - m2 - m3
//   m2 = (d2 - d1) * (w0 - w1 + w2) / 2
//   m3 = (d1 - d3) * w2
//
// summed over the kernel's rows before y0 and y1 are formed. In the other direction sums are
// direct, so that rows of output that are computed together share what is made of the input's: of
// four there are five additions and six products an output, for processors that add beside
// multiplying.
//
// Four output rows at a time, two or one of those that are left, a vector of channels after the
// other. Inputs outside the map are zeros. An output's number depends on the map alone, not on the
// rows that it is computed with. Weights are packed [block of `lanes` channels][bias, then of each
// kernel row -w0, (w0+w1+w2)/2, (w0-w1+w2)/2, w2][lanes].
#pragma once

#include "kernels/conv/conv.h"

namespace shrike::kernels {

// What sums are rounded by more than those of a direct convolution: the root mean square of numbers
// that are normally distributed is 1.1 to 1.3 times as large, by how far their mean is from 0.
inline constexpr double kDepthwiseWinogradRounding = 1.3;

// Rows of output y, of channels j < channels, of which outputs x < out_width:
//   output[y * output_row + x * output_step + j]
// from rows of input i < rows + 2, where row 0 is first[column * first_step + j], the last one
// last[column * last_step + j], and row i between them
// inner[(i - 1) * row_step + column * step + j]; columns [0, width), and pad before them.
struct DepthwiseTiles {
  const float *first, *inner, *last;
  int64_t first_step, step, last_step, row_step;
  int64_t width, pad;    // pad is 0 or 1
  const float* weights;  // of the block, aligned to a vector
  float* output;
  int64_t output_step, output_row, out_width;  // width + pad - 2 or one more
  int64_t channels;                            // 1 .. lanes
  Activation activation;
};

using DepthwiseTilesFunction = void (*)(const DepthwiseTiles&);

struct DepthwiseWinograd {
  int64_t lanes;  // channels of a block
  // For 1, 2 or 4 rows; null for activations that it has no form of. `whole`: for blocks of all
  // lanes.
  DepthwiseTilesFunction (*function)(ActivationKind, int rows, bool whole);
};

#if SHRIKE_KERNELS_AVX2
extern const DepthwiseWinograd kDepthwiseWinogradAvx512;
#endif

const char* depthwise_winograd_refuse(const DepthwiseWinograd& winograd,
                                      const ConvProblem& problem);
size_t depthwise_winograd_packed_bytes(const DepthwiseWinograd& winograd,
                                       const ConvProblem& problem);
void depthwise_winograd_pack(const DepthwiseWinograd& winograd, const ConvProblem& problem,
                             const float* weights, const float* bias, float* packed);
void depthwise_winograd_run(const DepthwiseWinograd& winograd, const ConvProblem& problem,
                            const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool);

}  // namespace shrike::kernels
