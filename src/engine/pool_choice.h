// Which poolings are computed together with the convolution before them (kernels/conv/conv_pool.h).
#pragma once

#include "engine/planner.h"

namespace shrike {

// Pairs of a convolution and the pooling that alone reads it, of 2 x 2 windows at stride 2, where
// the kernel that the convolution gets has a form for both; none of nodes in choices.bands.
Chains find_pooled(const Graph& graph, const PlanOptions& options, const PlanChoices& choices);

// Those that some kernel which the convolution could get has a form for.
Chains find_poolable(const Graph& graph, const PlanOptions& options);

}  // namespace shrike
