// 2-D convolution of one picture in integers, NHWC: 8-bit activations and weights, sums in int32,
// with bias, activation and an optional residual fused.
//
//   acc(y, x, o) = bias[o] + sum over i, j, c of
//                  (in(y*stride_h - pad_top + i*dilation_h, x*stride_w - pad_left + j*dilation_w,
//                      g*C/groups + c) - in_zero) * weights[o][c][i][j]           modulo 2^32
//   out = what output_rule.h makes of acc, scale[o] and the residual
//
//   i < kernel_h, j < kernel_w, c < C/groups, g = o / (O/groups)
//
// A byte q of a map stands for (q - zero) * scale, a weight w for w * weight_scales[o], the bias
// for bias[o] * in_scale * weight_scales[o]; outside the map in() is in_zero, which stands for 0.
// Maps are uint8; a map of int8 is the same with every byte's highest bit turned over and a zero
// that is 128 larger. All 256 values of input and weight are allowed.
//
// acc is exact while it fits 32 bits, which 65,000 products always do, and otherwise as wrong in
// every kernel: all rows of the table give the same bits, on every processor, for any number of
// threads. The padding, the views and what may overlap are as in conv/conv.h; so are the members of
// ConvProblem, of which max_rounding has no meaning here.
#pragma once

#include "kernels/conv/conv.h"

namespace shrike::kernels {

using ByteMapView = BasicMapView<uint8_t>;
using ConstByteMapView = BasicMapView<const uint8_t>;

enum class QOutput : uint8_t {
  kBytes,   // out = (out_scale, out_zero) bytes
  kFloats,  // out = act(acc * in_scale * weight_scales[o]): what the decode of a head reads
};

struct QConvProblem : ConvProblem {
  float in_scale = 1;
  int in_zero = 0;  // zeros are 0 .. 255
  QOutput output = QOutput::kBytes;
  float out_scale = 1;  // scales are within ir/ops/quantize.h's kLeastScale and kMostScale
  int out_zero = 0;
  float residual_scale = 1;
  int residual_zero = 0;
};

struct QConvMaps {
  ConstByteMapView input;
  ByteMapView output;         // for QOutput::kBytes
  MapView floats;             // for QOutput::kFloats
  ConstByteMapView residual;  // of the output's size; ignored for Residual::kNone
};

struct QConvWeights {
  const int8_t* values;  // [out_channels][group_in][kernel_h][kernel_w]
  const float* scales;   // [out_channels]
  const int32_t* bias;   // [out_channels] or null
};

// Null for problems that this family computes, else the reason why not: a residual before the
// activation or in floats, one of far larger steps than the output behind hard-sigmoid, an
// activation that has no rule. The kernels assume that it was asked.
const char* qconv_unsupported(const QConvProblem& problem);

struct QConvKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const QConvProblem&);

  // packed: packed_bytes(), zero, aligned to kTensorAlignment.
  void (*pack_into)(const QConvProblem&, const QConvWeights&, std::byte* packed);

  // What pack_into() fills, and the estimated time of run() in products of int16s at full speed.
  size_t (*packed_bytes)(const QConvProblem&);
  double (*cost)(const QConvProblem&);

  // Bytes run() needs for a pool of that many threads; grows with the number of threads.
  size_t (*scratch_bytes)(const QConvProblem&, int threads);

  // scratch: at least scratch_bytes(), aligned to kTensorAlignment, of undefined content.
  void (*run)(const QConvProblem&, const PackedConv&, const QConvMaps&, ThreadPool&,
              std::span<std::byte> scratch);

  // Packed into memory of its own.
  PackedConv pack(const QConvProblem&, const QConvWeights&) const;
};

// Fastest first, the readable reference last.
std::span<const QConvKernel> qconv_kernels();

}  // namespace shrike::kernels
