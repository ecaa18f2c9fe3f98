// Convolutions that are computed band by band (bands.h) for speed alone: where maps between are
// written to and read from beyond the caches that are a core's own, for little arithmetic.
#pragma once

#include "engine/planner.h"

namespace shrike {

// None of nodes in choices.bands; none at all where kernels are not chosen by estimate: tuned
// plans, and those that are run to tune, know what kernels take by themselves.
Joined find_far_bands(const Graph& graph, const PlanOptions& options, const PlanChoices& choices);

}  // namespace shrike
