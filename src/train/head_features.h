// The feature maps that a head reads: P3, P4, P5 of most detectors.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"

namespace shrike::train {

// Of each scale the last value that all of its raw maps are computed from: where the head's
// branches part, or what the last convolution reads where a scale has one map. `maps`: raw maps in
// the order of ir/ops/head.h, `per_scale` of them each. An error (kModel) where the head reads the
// picture itself.
Result<std::vector<ValueId>> head_features(const Graph& graph, std::span<const ValueId> maps,
                                           size_t per_scale);

}  // namespace shrike::train
