// 2-D convolution of one picture in 16-bit integers, NHWC: int16 activations, int8 or int16
// weights, exact sums, with bias, activation and an optional residual fused. The input may be of
// bytes, as a picture is.
//
//   acc(y, x, o) = bias[o] + sum over i, j, c of (in(...) - in_zero) * weights[o][c][i][j]
//                  as in qconv.h, exact
//   out = what word_rule.h makes of acc, scale[o] and the residual
//
// For layers that lose too much in 8 bits. A word q of a map stands for (q - zero) * scale, a weight
// w for w * weight_scales[o], the bias for bias[o] * in_scale * weight_scales[o]. Maps are int16; a
// map of uint16 is the same with every word's highest bit turned over and a zero that is 32768
// smaller. All rows of the table give the same bits. Views, padding and what may overlap are as in
// conv/conv.h.
#pragma once

#include "kernels/qconv/qconv.h"

namespace shrike::kernels {

using WordMapView = BasicMapView<int16_t>;
using ConstWordMapView = BasicMapView<const int16_t>;

struct WordConvProblem : ConvProblem {
  float in_scale = 1;  // scales as in qconv.h
  int in_zero = 0;
  bool bytes_in = false;  // maps.bytes is read, and in_zero is 0 .. 255
  bool floats = false;    // out = act(acc * in_scale * weight_scales[o]) instead of words
  float out_scale = 1;
  int out_zero = 0;
  float residual_scale = 1;
  int residual_zero = 0;
};

struct WordConvMaps {
  ConstWordMapView input;     // unless problem.bytes_in
  ConstByteMapView bytes;     // for problem.bytes_in
  WordMapView output;         // unless problem.floats
  MapView floats;             // for problem.floats
  ConstWordMapView residual;  // of the output's size; ignored for Residual::kNone
};

struct WordConvWeights {
  const int16_t* values;          // [out_channels][group_in][kernel_h][kernel_w], -32767 .. 32767
  const int8_t* bytes = nullptr;  // likewise, instead of them: -128 .. 127
  const float* scales;            // [out_channels]
  const int64_t* bias;            // [out_channels] or null

  int64_t at(int64_t i) const { return bytes ? bytes[i] : values[i]; }
};

// As qconv_unsupported(), for this family.
const char* word_conv_unsupported(const WordConvProblem& problem);
// The same for weights: one of -32768, or a sum that may need more than 46 bits.
const char* word_weights_unsupported(const WordConvProblem& problem,
                                     const WordConvWeights& weights);

// The members are those of QConvKernel.
struct WordConvKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const WordConvProblem&);
  void (*pack_into)(const WordConvProblem&, const WordConvWeights&, std::byte* packed);
  size_t (*packed_bytes)(const WordConvProblem&);
  double (*cost)(const WordConvProblem&);
  size_t (*scratch_bytes)(const WordConvProblem&, int threads);
  void (*run)(const WordConvProblem&, const PackedConv&, const WordConvMaps&, ThreadPool&,
              std::span<std::byte> scratch);

  PackedConv pack(const WordConvProblem&, const WordConvWeights&) const;
};

// Fastest first, the readable reference last. The weights decide how fast the fast ones are: sums
// stay in int32 for as many products as the sizes of a panel's weights allow (word_packing.h).
std::span<const WordConvKernel> word_conv_kernels();

}  // namespace shrike::kernels
