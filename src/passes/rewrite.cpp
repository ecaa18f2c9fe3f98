#include "passes/rewrite.h"

#include <algorithm>

#include "base/half.h"

namespace shrike {

bool substitute(Graph& graph, ValueId from, ValueId to) {
  const auto is_output = [&](ValueId id) {
    return std::find(graph.outputs.begin(), graph.outputs.end(), id) != graph.outputs.end();
  };
  if (is_output(from)) {
    const bool is_input =
        std::find(graph.inputs.begin(), graph.inputs.end(), to) != graph.inputs.end();
    if (is_input || graph.value(to).constant || is_output(to)) return false;
    std::swap(graph.value(from).name, graph.value(to).name);
    std::swap(graph.value(from).symbols, graph.value(to).symbols);
  }
  replace_uses(graph, from, to);
  return true;
}

std::optional<float> scalar_constant(const Graph& graph, ValueId id) {
  const Tensor* tensor = graph.constant(id);
  if (!tensor || tensor->size() != 1) return std::nullopt;
  if (tensor->dtype() == DType::kF32) return tensor->data<float>()[0];
  if (tensor->dtype() == DType::kF16) return half_to_float(tensor->data<uint16_t>()[0]);
  return std::nullopt;
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
