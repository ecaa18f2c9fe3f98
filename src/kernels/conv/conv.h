// 2-D convolution of one picture, NHWC, with bias, activation and an optional residual fused:
//
//   s(y, x, o) = bias[o] + sum over i, j, c of
//                in(y*stride_h - pad_top + i*dilation_h, x*stride_w - pad_left + j*dilation_w,
//                   g*C/groups + c) * weights[o][c][i][j]
//   i < kernel_h, j < kernel_w, c < C/groups, g = o / (O/groups); in() is 0 outside the map
//   out = act(s), act(s) + residual or act(s + residual), as `residual` says
//
// The padding at the bottom and at the right is whatever the output size implies. The residual may
// be the very view that is written; other overlaps of input, residual and output are not allowed.
//
// Use: select_kernel(conv_kernels(), problem) once, pack() the weights once, then run() often.
// run() is bit-equal for any number of threads: sums are never divided among them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/thread_pool.h"
#include "kernels/activation/activation.h"
#include "kernels/precision.h"
#include "kernels/select.h"
#include "kernels/view.h"

namespace shrike::kernels {

struct ConvProblem {
  int64_t in_height = 0, in_width = 0, in_channels = 0;
  int64_t out_height = 0, out_width = 0, out_channels = 0;
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t pad_top = 0, pad_left = 0;
  int64_t dilation_h = 1, dilation_w = 1;
  int64_t groups = 1;  // divides in_channels and out_channels
  Activation activation;
  Residual residual = Residual::kNone;
  // Winograd's kernels refuse where they would need more for weights, or where their sums would
  // round that many times as much as those that are added up in order.
  int64_t max_packed_bytes = INT64_MAX;
  double max_rounding = 3;
  // Products in pairs refuse weights that evenness.h finds to be so.
  bool uneven = false;
  bool by_estimate = true;                 // and where they are estimated to be slower than others
  Precision precision = Precision::kFp32;  // of inputs and weights as they are multiplied
  // Of what is made pixel by pixel: channels of the first of two halves of the input, of which
  // kernels that say so (ConvKernel::adds_halves) make sums of their own, (bias + first half) +
  // second half. A multiple of 32, less than in_channels; 0, and to other kernels: all channels in
  // order. Where there is no activation alone.
  int64_t half = 0;
  // Where these are some outputs of a layer: the mean square of the weights of all (mean_square()),
  // by which products in pairs are scaled. 0: of these weights. Not together with a half.
  double weight_square = 0;

  int64_t group_in() const { return in_channels / groups; }
  int64_t group_out() const { return out_channels / groups; }
  int64_t taps() const { return kernel_h * kernel_w; }
  int64_t weight_count() const { return out_channels * group_in() * taps(); }
  // Whether each output is made of the one input pixel at its place.
  bool pixel_by_pixel() const {
    return taps() == 1 && stride_h == 1 && stride_w == 1 && pad_top == 0 && pad_left == 0 &&
           in_height == out_height && in_width == out_width;
  }
  int64_t macs() const { return out_height * out_width * weight_count(); }
};

// Weights and bias in the order one kernel wants them, of no meaning to others. Cheap to copy,
// read-only once made; the caller's weights may go once pack() has returned.
struct PackedConv {
  std::shared_ptr<const std::byte> bytes;
  size_t size = 0;  // bytes

  const float* floats() const { return reinterpret_cast<const float*>(bytes.get()); }
};

struct ConvMaps {
  ConstMapView input;
  MapView output;
  ConstMapView residual;  // of the output's size, may be it; ignored for Residual::kNone
  // What layers behind this one read: kernels that look ahead ask for it meanwhile.
  std::span<const std::byte> next = {};
};

struct ConvKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const ConvProblem&);
  // Typical rounding error of a sum over one input channel, that of one that is added up in order
  // being 1. Over more channels a kernel that adds in blocks compares better. What the problem's
  // precision takes from the factors does not count.
  double rounding;

  // weights: [out_channels][group_in][kernel_h][kernel_w]; bias: [out_channels] or null.
  // packed: packed_bytes(), zero, aligned to kTensorAlignment.
  void (*pack_into)(const ConvProblem&, const float* weights, const float* bias, float* packed);

  // Rows of output that are computed together, counted from the map's first: the bits of a number
  // depend on its tile of rows and what that reads, not on how many others are computed. 0: on all.
  int64_t (*tile_rows)(const ConvProblem&);

  // What pack_into() fills, and the estimated time of run() in multiply-adds at full speed: to
  // weigh kernels of one instruction set against each other.
  size_t (*packed_bytes)(const ConvProblem&);
  double (*cost)(const ConvProblem&);

  // Bytes run() needs for a pool of that many threads; grows with the number of threads.
  size_t (*scratch_bytes)(const ConvProblem&, int threads);

  // scratch: at least scratch_bytes(), aligned to kTensorAlignment, of undefined content.
  void (*run)(const ConvProblem&, const PackedConv&, const ConvMaps&, ThreadPool&,
              std::span<std::byte> scratch);

  bool adds_halves = false;  // where ConvProblem::half asks for it
  bool looks_ahead = false;  // asks for ConvMaps::next

  // Packed into memory of its own.
  PackedConv pack(const ConvProblem&, const float* weights, const float* bias) const;
};

// Fastest first, the readable reference last.
std::span<const ConvKernel> conv_kernels();

}  // namespace shrike::kernels
