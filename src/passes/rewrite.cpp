#include "passes/rewrite.h"

#include <algorithm>

namespace shrike {

bool substitute(Graph& graph, ValueId from, ValueId to) {
  const auto is_output = [&](ValueId id) {
    return std::find(graph.outputs.begin(), graph.outputs.end(), id) != graph.outputs.end();
  };
  if (is_output(from)) {
    const bool is_input =
        std::find(graph.inputs.begin(), graph.inputs.end(), to) != graph.inputs.end();
    if (is_input || graph.value(to).constant || is_output(to)) return false;
    graph.swap_names(from, to);
    std::swap(graph.value(from).symbols, graph.value(to).symbols);
  }
  replace_uses(graph, from, to);
  return true;
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
  std::erase_if(graph.nodes, [](const Node& node) { return node.outputs.empty(); });
  remove_dead(graph);
}

}  // namespace shrike
