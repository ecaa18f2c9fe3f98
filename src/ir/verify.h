// The graph's invariants, checked after every pass in tests and once after reading a file.
#pragma once

#include "ir/graph.h"

namespace shrike {

// Every id is in range; names are unique and not empty; each value has exactly one origin (input,
// constant, or one node's output); nodes come after what they read; constants agree with their
// type and shape; outputs exist; types and shapes are those that infer_shapes() finds. Errors
// (kModel) name the node or value.
Result<void> verify(const Graph& graph);

}  // namespace shrike
