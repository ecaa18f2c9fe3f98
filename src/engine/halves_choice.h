// Which 1x1 convolutions, depthwise ones behind them and 1x1 ones behind these two threads compute
// together, half of the channels between each (steps/conv_halves.h).
#pragma once

#include "engine/planner.h"

namespace shrike {

// Chains of three nodes; none with another number of threads, none of nodes in choices.bands, and
// none at all under a limit of memory or where kernels are not chosen by estimate. Reasons are
// those of last nodes behind depthwise ones.
Joined find_halves(const Graph& graph, const PlanOptions& options, const PlanChoices& choices);

}  // namespace shrike
