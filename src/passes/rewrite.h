// What local rewrites share.
#pragma once

#include "ir/graph.h"

namespace shrike {

// Values that others stand in for, collected in one walk over the nodes in their order: every node
// is given to rewrite() when the walk comes to it, and finish() ends the walk.
class Substitution {
 public:
  explicit Substitution(Graph& graph);

  // The node reads what stands in for its inputs.
  void rewrite(Node& node) const;

  // Readers of `from`, an output of the node at hand, read `to` instead, one of its inputs; a graph
  // output keeps its name: `to` takes it over. False, and nothing done, when that cannot be (`to`
  // is an input, a constant or an output itself).
  bool substitute(ValueId from, ValueId to);

  // The graph's outputs are what stands in for them.
  void finish();

 private:
  enum class Role : char { kInner, kInput, kOutput };
  // Values that were added during the walk are inner ones, and themselves.
  Role& role(ValueId id) {
    if (roles_.size() < graph_.values.size()) roles_.resize(graph_.values.size(), Role::kInner);
    return roles_[static_cast<size_t>(id)];
  }
  ValueId stand_in(ValueId id) const {
    const auto i = static_cast<size_t>(id);
    return id == kNoValue || i >= stand_ins_.size() ? id : stand_ins_[i];
  }

  Graph& graph_;
  std::vector<ValueId> stand_ins_;
  std::vector<Role> roles_;
};

// The node that makes `id` for one reader alone; null when there is none. `uses` may be older than
// the pass's own edits: that the node still makes `id` is looked up in the node, and moving a
// node's inputs and outputs to another node, which is all that fusing does, changes no number of
// readers. Not to be asked about values added since.
Node* sole_producer(Graph& graph, const Uses& uses, ValueId id);

// Marks a node as gone, without inputs and outputs; sweep() erases the marked ones and what became
// dead with them.
void mark_removed(Node& node);
inline bool is_removed(const Node& node) { return node.outputs.empty(); }
void sweep(Graph& graph);

}  // namespace shrike
