// 2-D transposed convolution of one picture, NHWC, with bias and activation fused:
//
//   out(y, x, o) = act(bias[o] + sum of in(v, u, g*C/groups + c) * weights[g*C/groups +
//   c][o'][i][j]
//                  over all v, u, i, j, c with v*stride_h - pad_top + i*dilation_h == y,
//                                              u*stride_w - pad_left + j*dilation_w == x)
//   g = o / (O/groups), o' = o % (O/groups), c < C/groups
//
// The weights are ONNX's ConvTranspose: [in_channels][group_out][kernel_h][kernel_w]. Output
// padding is whatever the output size implies. Use, packing, threads and scratch as in conv/conv.h.
#pragma once

#include <string>

#include "kernels/conv/conv.h"

namespace shrike::kernels {

struct ConvTransposeProblem {
  int64_t in_height = 0, in_width = 0, in_channels = 0;
  int64_t out_height = 0, out_width = 0, out_channels = 0;
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t pad_top = 0, pad_left = 0;
  int64_t dilation_h = 1, dilation_w = 1;
  int64_t groups = 1;
  Activation activation;

  int64_t group_in() const { return in_channels / groups; }
  int64_t group_out() const { return out_channels / groups; }
  int64_t taps() const { return kernel_h * kernel_w; }
};

struct ConvTransposeKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const ConvTransposeProblem&);
  size_t (*packed_bytes)(const ConvTransposeProblem&);
  void (*pack_into)(const ConvTransposeProblem&, const float* weights, const float* bias,
                    float* packed);
  size_t (*scratch_bytes)(const ConvTransposeProblem&, int threads);
  void (*run)(const ConvTransposeProblem&, const PackedConv&, const ConstMapView& input,
              const MapView& output, ThreadPool&, std::span<std::byte> scratch);

  PackedConv pack(const ConvTransposeProblem&, const float* weights, const float* bias) const;
};

std::span<const ConvTransposeKernel> conv_transpose_kernels();

// "transposed 20x20x64 > 40x40x32, 4x4 stride 2x2 pad 1,1 dilation 1x1 groups 1, none".
std::string problem_text(const ConvTransposeProblem& problem);

}  // namespace shrike::kernels
