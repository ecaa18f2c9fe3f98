// Another input size for a graph that was exported at a fixed one.
#pragma once

#include "ir/graph.h"

namespace shrike {

// Changes the graph's input to (N, C, height, width). Requires a lifted head (lift_head), static
// shapes and folded constants: what is baked into the decode is gone then, and of the rest only
// the sizes that Reshape and Resize carry are rewritten, each derived from how its old extents
// follow from the old picture's. Both sizes must be multiples of the head's largest stride.
// Errors say what stands in the way and leave the graph as it was.
Result<void> resize_input(Graph& graph, int64_t height, int64_t width);

}  // namespace shrike
