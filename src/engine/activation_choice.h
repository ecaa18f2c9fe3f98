// Which functions are computed together with the convolution before them by the plan, as no pass
// can write them into its node (steps/conv_activation.h).
#pragma once

#include "engine/planner.h"

namespace shrike {

// Pairs of a convolution and the function that alone reads it; none of nodes in choices.bands.
Chains find_activated(const Graph& graph, const PlanOptions& options, const PlanChoices& choices);

}  // namespace shrike
