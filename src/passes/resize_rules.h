// How nodes whose constants hold a picture's size follow it to another one. Private to passes.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"
#include "passes/reshape_readings.h"

namespace shrike {

// One network at several picture sizes: the same nodes in the same order; values of the saved graph
// keep their ids in all of them. Extents that follow from the picture differ.
struct GraphAtSizes {
  const Graph& saved;
  PictureSize saved_size;
  std::vector<PictureSize> sizes;
  std::vector<Graph> graphs;  // one for each of `sizes`
};

// Rewrites the constants of node `n` in each of the graphs; the shapes of its inputs there are
// known. Extents of Reshape (reshape_readings.h) and of Resize get numbers of their own at each
// size; Slice and Expand over a whole axis become open-ended. An error (kModel) names the node
// where a constant may be the saved picture's and nothing shows what it becomes.
Result<void> follow_size(GraphAtSizes& at, size_t n);

// "cannot run at another size: Reshape node 'x' <why>".
Error cannot_resize(const Node& node, const std::string& why);

}  // namespace shrike
