#include <algorithm>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace shrike {

namespace {

// The functions that kernels apply in a convolution's epilogue.
bool is_activation(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::kRelu:
    case UnaryKind::kLeakyRelu:
    case UnaryKind::kSigmoid:
    case UnaryKind::kSilu:
    case UnaryKind::kHardSwish:
    case UnaryKind::kHardSigmoid:
    case UnaryKind::kMish:
    case UnaryKind::kTanh:
    case UnaryKind::kElu:
      return true;
    default:
      return false;
  }
}

// The convolution that makes `id` for one reader alone; null when there is none.
Node* sole_conv(Graph& graph, const Uses& uses, ValueId id) {
  const int producer = uses.producer(id);
  if (producer < 0 || !uses.single_use(id)) return nullptr;
  Node& node = graph.nodes[static_cast<size_t>(producer)];
  return std::holds_alternative<Conv>(node.op) ? &node : nullptr;
}

}  // namespace

Result<void> fuse_activation_into_conv(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes) {
    const auto* f = std::get_if<Unary>(&node.op);
    Node* producer = f && is_activation(f->kind) ? sole_conv(graph, uses, node.inputs[0]) : nullptr;
    if (!producer || producer->inputs.size() > 3) continue;
    auto& conv = std::get<Conv>(producer->op);
    if (conv.activation != UnaryKind::kIdentity) continue;
    conv.activation = f->kind;
    conv.alpha = f->alpha;
    conv.beta = f->beta;
    producer->outputs = {node.outputs[0]};
    mark_removed(node);
  }
  sweep(graph);
  return {};
}

Result<void> fuse_residual_into_conv(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes) {
    const auto* sum = std::get_if<Binary>(&node.op);
    if (!sum || sum->kind != BinaryKind::kAdd) continue;
    if (graph.value(node.inputs[0]).shape != graph.value(node.inputs[1]).shape) continue;
    for (size_t side = 0; side < 2; ++side) {
      Node* producer = sole_conv(graph, uses, node.inputs[side]);
      if (!producer || producer->inputs.size() > 3) continue;
      // The convolution moves to the addition's place: by then its residual exists.
      const ValueId residual = node.inputs[1 - side];
      if (graph.constant(residual)) continue;
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
