// A batch of the loader as LibTorch's tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include "augment/batch.h"
#include "train/targets.h"
#include "vision/letterbox.h"

namespace shrike::train {

// (N, 3, H, W) float32. Throws as LibTorch does.
at::Tensor pictures_of(const Batch& batch, const Preprocess& preprocess);

Targets targets_of(const Batch& batch);

}  // namespace shrike::train
