// Another input size for a graph that was exported at a fixed one.
#pragma once

#include "ir/graph.h"

namespace shrike {

// Changes the graph's input to (N, C, height, width). Requires a lifted head (lift_head), static
// shapes and folded constants: what is baked into the decode is gone then, and of the rest the
// constants are rewritten that hold extents (resize_rules.h). Both sizes must be multiples of the
// head's largest stride S.
//
// Nothing is guessed. Shapes are inferred at the new size and at two witness sizes, S times coprime
// numbers; a constant is rewritten where one reading alone fits all of them, and in the end every
// map of the head must be exactly (height/s, width/s) at each. Taken for granted is only that the
// network, as its strides say, takes every multiple of S. Errors say what stands in the way, and
// leave the graph as it was.
Result<void> resize_input(Graph& graph, int64_t height, int64_t width);

}  // namespace shrike
