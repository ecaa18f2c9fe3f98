// Means and variances of values by channel, from batches of pictures: what insert_batchnorm()
// (passes/insert_batchnorm.h) wants to know.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "passes/insert_batchnorm.h"

namespace shrike::train {

// Of each of `values` (N, C, H, W), over all batches that `next` gives until it gives none; at
// least one, but where there are no values. Sums are in double. Errors: those of Module::build and
// forward; kInput without a batch.
Result<std::vector<ChannelMoments>> measure_moments(
    const Graph& graph, std::span<const ValueId> values,
    const std::function<std::optional<at::Tensor>()>& next);

}  // namespace shrike::train
