// The cells of all scales in one row, as losses of anchor-free heads see them.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "ir/ops/head.h"

namespace shrike::train {

// A cells, scale after scale, row by row.
struct AnchorPoints {
  at::Tensor centres;  // (A, 2) x, y in pixels of the network's input
  at::Tensor strides;  // (A, 1) pixels
};

// One map a scale, of the head's strides, of the maps' element type.
AnchorPoints anchor_points(std::span<const at::Tensor> maps, const std::vector<int64_t>& strides);

// Maps (N, C, H, W) as (N, A, C).
at::Tensor joined(std::span<const at::Tensor> maps);

// Every `step`th map from `first` on.
std::vector<at::Tensor> every(std::span<const at::Tensor> maps, size_t first, size_t step);

}  // namespace shrike::train
