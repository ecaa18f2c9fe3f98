#include "prune/layers.h"

#include "base/excerpt.h"

namespace shrike {

std::optional<int> channel_axis(const Graph& graph, const Node& node) {
  if (node.inputs.size() < 2 || !graph.constant(node.inputs[1])) return std::nullopt;
  if (std::holds_alternative<Conv>(node.op) || std::holds_alternative<ConvTranspose>(node.op))
    return 1;
  if (std::holds_alternative<MatMul>(node.op) || std::holds_alternative<Gemm>(node.op)) return -1;
  return std::nullopt;
}

std::string layer_name(const Graph& graph, const Node& node) {
  return node.name.empty() ? graph.value(node.outputs[0]).name : node.name;
}

Result<std::vector<const Node*>> layers_to_protect(const Graph& graph,
                                                   const std::vector<std::string>& names,
                                                   const std::function<bool(const Node&)>& may) {
  std::vector<const Node*> layers;
  for (const std::string& name : names) {
    const size_t before = layers.size();
    for (const Node& node : graph.nodes)
      if (may(node) && layer_name(graph, node) == name) layers.push_back(&node);
    if (layers.size() == before) return usage_error("no layer " + in_quotes(name) + " to protect");
  }
  return layers;
}

}  // namespace shrike
