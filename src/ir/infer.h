// Shape inference: the element type and shape of every node's outputs from those of its inputs.
//
// Extents that depend on unknown extents or on data stay kDynamic, and a shape whose rank depends
// on data stays absent; nothing is guessed. Everything is checked as files may be hostile: types,
// ranks, axes, sizes, overflow. An error (kModel) names the operator and the node.
#pragma once

#include <span>

#include "ir/graph.h"

namespace shrike {

// Recomputes types and shapes of all node outputs. Requires nodes in topological order.
Result<void> infer_shapes(Graph& graph);

// One node, its inputs' types and shapes being known.
Result<void> infer_node(Graph& graph, const Node& node);

// Gives the graph's inputs these static shapes (one each) and infers again. An error when a shape
// contradicts an extent that the input fixes.
Result<void> bind_inputs(Graph& graph, std::span<const Shape> shapes);

}  // namespace shrike
