// 2-D convolution of one picture in 16-bit integers, NHWC: int16 activations whose zero is 0, int8
// or int16 weights, exact sums, with bias, activation and an optional residual fused.
//
//   acc(y, x, o) = bias[o] + sum over i, j, c of in(...) * weights[o][c][i][j]   as in qconv.h,
//   exact out = what word_rule.h makes of acc, scale[o] and the residual
//
// For layers that lose too much in 8 bits. A word q of a map stands for q * scale, a weight w for
// w * weight_scales[o], the bias for bias[o] * in_scale * weight_scales[o]. acc is exact below 2^53
// in size, which sums of 2^23 products always are; the bias must leave them that room. All rows of
// the table give the same bits. Views, padding and what may overlap are as in conv/conv.h.
#pragma once

#include "kernels/qconv/qconv.h"

namespace shrike::kernels {

using WordMapView = BasicMapView<int16_t>;
using ConstWordMapView = BasicMapView<const int16_t>;

struct WordConvProblem : ConvProblem {
  float in_scale = 1;
  bool floats = false;  // out = act(acc * in_scale * weight_scales[o]) instead of words
  float out_scale = 1;
  float residual_scale = 1;
};

struct WordConvMaps {
  ConstWordMapView input;
  WordMapView output;         // unless problem.floats
  MapView floats;             // for problem.floats
  ConstWordMapView residual;  // of the output's size; ignored for Residual::kNone
};

struct WordConvWeights {
  const int16_t* values;  // [out_channels][group_in][kernel_h][kernel_w], -32767 .. 32767
  const float* scales;    // [out_channels]
  const int64_t* bias;    // [out_channels] or null
};

// As qconv_unsupported(), for this family.
const char* word_conv_unsupported(const WordConvProblem& problem);

struct WordConvKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const WordConvProblem&);
  PackedConv (*pack)(const WordConvProblem&, const WordConvWeights&);
  size_t (*scratch_bytes)(const WordConvProblem&, int threads);
  void (*run)(const WordConvProblem&, const PackedConv&, const WordConvMaps&, ThreadPool&,
              std::span<std::byte> scratch);
};

// Fastest first, the readable reference last. The weights decide how fast the fast ones are: sums
// stay in int32 for as many products as the largest weight of a panel allows, 516 of int8 and 32 of
// 12 bits, but 2 of 16 bits.
std::span<const WordConvKernel> word_conv_kernels();

}  // namespace shrike::kernels
