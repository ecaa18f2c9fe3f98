// Batch norm and activation over whole maps in the channels-last layout: kernels/norm on LibTorch's
// tensors and threads. f32 on a CPU.
//
// Sums are taken over pieces of rows that depend on the map's shape alone and added in doubles in
// their order, so the results have the same bits with any number of threads. All throw as LibTorch
// does.
#pragma once

#include <ATen/core/Tensor.h>

#include "ir/ops/elementwise.h"
#include "train/rank_sum.h"

namespace shrike::train {

// Of a batch, (C) f32 each: y = f(slope * z + offset), slope = scale * inverse,
// offset = shift - slope * mean, inverse = 1 / sqrt(variance + epsilon).
struct MapNorm {
  at::Tensor mean, inverse, slope, offset;
};

struct NormWeights {
  at::Tensor scale, shift;                    // (C)
  at::Tensor running_mean, running_variance;  // moved towards the batch's by `momentum`
};

// z: (N, C, H, W), contiguous in channels-last. With `over_ranks` over the maps of all processes,
// from the sum of [sum z, sum z^2, count] in doubles.
MapNorm measure_norm(const at::Tensor& z, const NormWeights& weights, double epsilon,
                     double momentum, const RankSum& over_ranks = {});

struct ChannelRange {
  int64_t first, count;
};

// f(slope * z + offset) of some channels of z, into those of `out` from `at` on. `out` is
// contiguous in channels-last.
void apply_norm(const Unary& f, const MapNorm& norm, const at::Tensor& z, const ChannelRange& range,
                const at::Tensor& out, int64_t at);

struct NormGradients {
  at::Tensor scale, shift;
};

// From dL/dy, in any layout. Writes dL/dz over z. With `over_ranks` L is the sum of all processes'
// losses, and those of scale and shift are this one's share of them.
NormGradients norm_backward(const Unary& f, const MapNorm& norm, const at::Tensor& dy,
                            const at::Tensor& z, const RankSum& over_ranks = {});

}  // namespace shrike::train
