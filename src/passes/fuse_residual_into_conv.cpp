#include "passes/passes.h"
#include "passes/rewrite.h"

namespace shrike {

namespace {

// Whether the addition broadcasts nothing. Equal shapes with an unknown extent may differ there.
bool same_known_shape(const Graph& graph, ValueId a, ValueId b) {
  const Shape *x = graph.static_shape(a), *y = graph.static_shape(b);
  return x && y && *x == *y;
}

}  // namespace

Result<void> fuse_residual_into_conv(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes) {
    const auto* sum = std::get_if<Binary>(&node.op);
    if (!sum || sum->kind != BinaryKind::kAdd) continue;
    if (!same_known_shape(graph, node.inputs[0], node.inputs[1])) continue;
    for (size_t side = 0; side < 2; ++side) {
      const ValueId residual = node.inputs[1 - side];
      Node* producer = sole_producer(graph, uses, node.inputs[side]);
      if (!producer || !std::holds_alternative<Conv>(producer->op) || producer->inputs.size() > 3 ||
          graph.constant(residual))
        continue;
      // The convolution moves to the addition's place: by then its residual exists.
      const std::vector<ValueId> outputs = node.outputs;
      node = *producer;
      node.inputs.resize(3, kNoValue);
      node.inputs.push_back(residual);
      node.outputs = outputs;
      mark_removed(*producer);
      break;
    }
  }
  sweep(graph);
  return {};
}

}  // namespace shrike
