#include "passes/rewrite.h"

#include <algorithm>
#include <numeric>

namespace shrike {

Substitution::Substitution(Graph& graph)
    : graph_(graph), stand_ins_(graph.values.size()), roles_(graph.values.size(), Role::kInner) {
  std::iota(stand_ins_.begin(), stand_ins_.end(), ValueId{0});
  for (ValueId id : graph.outputs) role(id) = Role::kOutput;
  for (ValueId id : graph.inputs) role(id) = Role::kInput;
}

void Substitution::rewrite(Node& node) const {
  for (ValueId& id : node.inputs) id = stand_in(id);
}

bool Substitution::substitute(ValueId from, ValueId to) {
  if (role(from) == Role::kOutput) {
    if (role(to) != Role::kInner || graph_.value(to).constant) return false;
    graph_.swap_names(from, to);
    std::swap(graph_.value(from).symbols, graph_.value(to).symbols);
    role(from) = Role::kInner;
    role(to) = Role::kOutput;
  }
  stand_ins_[static_cast<size_t>(from)] = to;
  return true;
}

void Substitution::finish() {
  for (ValueId& id : graph_.outputs) id = stand_in(id);
}

Node* sole_producer(Graph& graph, const Uses& uses, ValueId id) {
  const int producer = uses.producer(id);
  if (producer < 0 || !uses.single_use(id)) return nullptr;
  Node& node = graph.nodes[static_cast<size_t>(producer)];
  return node.outputs == std::vector{id} ? &node : nullptr;
}

void mark_removed(Node& node) {
  node.inputs.clear();
  node.outputs.clear();
}

void sweep(Graph& graph) {
  std::erase_if(graph.nodes, is_removed);
  remove_dead(graph);
}

}  // namespace shrike
