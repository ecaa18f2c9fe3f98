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

}  // namespace

Result<void> fuse_activation_into_conv(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes) {
    const auto* f = std::get_if<Unary>(&node.op);
    if (!f || !is_activation(f->kind)) continue;
    Node* producer = sole_producer(graph, uses, node.inputs[0]);
    Conv* conv = producer ? std::get_if<Conv>(&producer->op) : nullptr;
    if (!conv || conv->activation != UnaryKind::kIdentity || producer->inputs.size() > 3) continue;
    conv->activation = f->kind;
    conv->alpha = f->alpha;
    conv->beta = f->beta;
    producer->outputs = {node.outputs[0]};
    mark_removed(node);
  }
  sweep(graph);
  return {};
}

}  // namespace shrike
