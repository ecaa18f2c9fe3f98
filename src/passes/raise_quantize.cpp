#include "ir/infer.h"
#include "passes/passes.h"
#include "passes/quantized_tensor.h"
#include "passes/rewrite.h"

namespace shrike {

namespace {

// Q(Concat(a, b, ...)) becomes Concat(Q(a), Q(b), ...).
void raise(Graph& graph, Node concat, const Node& quantize, std::vector<Node>& nodes) {
  for (ValueId& part : concat.inputs) {
    Node each = quantize;
    each.inputs[0] = part;
    part = graph.add_value(graph.value(part).name + ".q", graph.value(quantize.outputs[0]).dtype,
                           graph.value(part).shape);
    each.outputs = {part};
    nodes.push_back(std::move(each));
  }
  concat.outputs = quantize.outputs;
  nodes.push_back(std::move(concat));
}

}  // namespace

Result<void> raise_quantize(Graph& graph) {
  const Uses uses(graph);
  std::vector<std::vector<Node>> instead(graph.nodes.size());
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    Node& node = graph.nodes[n];
    if (!std::holds_alternative<QuantizeLinear>(node.op)) continue;
    Node* concat = sole_producer(graph, uses, node.inputs[0]);
    if (!concat || !std::holds_alternative<Concat>(concat->op)) continue;
    if (!quantized_tensor(graph, node, node.outputs[0])) continue;
    raise(graph, *concat, node, instead[n]);
    mark_removed(*concat);
  }
  std::vector<Node> nodes;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (instead[n].empty()) {
      nodes.push_back(std::move(graph.nodes[n]));
    } else {
      std::move(instead[n].begin(), instead[n].end(), std::back_inserter(nodes));
    }
  }
  graph.nodes = std::move(nodes);
  sweep(graph);
  return infer_shapes(graph);
}

}  // namespace shrike
