// What local rewrites share.
#pragma once

#include "ir/graph.h"

namespace shrike {

// Readers of `from` read `to` instead, and a graph output keeps its name: `to` takes it over.
// False, and nothing done, when that cannot be (`to` is an input, a constant or an output itself).
bool substitute(Graph& graph, ValueId from, ValueId to);

// The node that makes `id` for one reader alone; null when there is none. `uses` may be older than
// the pass's own edits: that the node still makes `id` is looked up in the node, and moving a
// node's inputs and outputs to another node, which is all that fusing does, changes no number of
// readers. Not to be asked about values added since.
Node* sole_producer(Graph& graph, const Uses& uses, ValueId id);

// Marks a node as gone; sweep() erases the marked ones and what became dead with them.
void mark_removed(Node& node);
void sweep(Graph& graph);

}  // namespace shrike
