// Which 1x1 convolutions are computed together with the depthwise one behind them, some channels at
// a time (steps/conv_panels.h).
#pragma once

#include "engine/planner.h"

namespace shrike {

// Pairs; none of nodes in choices.bands and choices.halves, and none at all under a limit of memory
// or where kernels are not chosen by estimate, see far_bands.h. Reasons are those of depthwise
// convolutions alone.
Joined find_panels(const Graph& graph, const PlanOptions& options, const PlanChoices& choices);

}  // namespace shrike
