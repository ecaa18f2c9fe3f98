// What one process knows of the others while it computes.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace shrike::train {

// The sum of a tensor over all processes, as a new one; empty: there is one process. All must call it
// in the same order. Throws as LibTorch does.
using RankSum = std::function<at::Tensor(const at::Tensor&)>;

}  // namespace shrike::train
