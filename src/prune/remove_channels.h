// Removes channels from a graph: constants lose their slices, and nodes that say how many there are
// say the new number.
#pragma once

#include <vector>

#include "prune/channels.h"

namespace shrike {

// `channels` is of this graph, removed is by channel. What is left keeps its order. Errors
// (kUsage): a channel that must stay, an axis that would be empty, named by its value; kModel where
// the graph does not come out as foreseen. The graph is then as it was.
Result<void> remove_channels(Graph& graph, const Channels& channels,
                             const std::vector<bool>& removed);

}  // namespace shrike
