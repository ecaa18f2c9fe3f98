// What local rewrites share.
#pragma once

#include <optional>

#include "ir/graph.h"

namespace shrike {

// Readers of `from` read `to` instead, and a graph output keeps its name: `to` takes it over.
// False, and nothing done, when that cannot be (`to` is an input, a constant or an output itself).
bool substitute(Graph& graph, ValueId from, ValueId to);

// A constant of one element as a float.
std::optional<float> scalar_constant(const Graph& graph, ValueId id);

// Marks a node as gone; sweep() erases the marked ones and what became dead with them.
void mark_removed(Node& node);
void sweep(Graph& graph);

}  // namespace shrike
