// Which convolutions are worth computing band by band (bands.h): those at whose step the most
// memory is live.
#pragma once

#include <vector>

#include "engine/planner.h"

namespace shrike {

// Ways to compute the graph, the first without bands. Each following one makes a chain one
// convolution longer than the way before where that makes the arena smallest; as long as it does.
Result<std::vector<Chains>> find_bands(const Graph& graph, const PlanOptions& options);

}  // namespace shrike
