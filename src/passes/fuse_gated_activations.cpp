#include <cmath>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace shrike {

namespace {

const Unary* made_by_unary(const Graph& graph, const Uses& uses, ValueId id) {
  const int producer = uses.producer(id);
  return producer < 0 ? nullptr
                      : std::get_if<Unary>(&graph.nodes[static_cast<size_t>(producer)].op);
}

ValueId first_input(const Graph& graph, const Uses& uses, ValueId id) {
  return graph.nodes[static_cast<size_t>(uses.producer(id))].inputs[0];
}

// The activation that x * gate is, if `gate` is a function of x that makes one.
std::optional<UnaryKind> gated(const Graph& graph, const Uses& uses, ValueId x, ValueId gate) {
  const Unary* f = made_by_unary(graph, uses, gate);
  if (!f) return std::nullopt;
  const ValueId inner = first_input(graph, uses, gate);
  if (inner == x && f->kind == UnaryKind::kSigmoid) return UnaryKind::kSilu;
  if (inner == x && f->kind == UnaryKind::kHardSigmoid && std::abs(f->alpha - 1.0f / 6) < 1e-6f &&
      f->beta == 0.5f)
    return UnaryKind::kHardSwish;
  const Unary* softplus = made_by_unary(graph, uses, inner);
  if (f->kind == UnaryKind::kTanh && softplus && softplus->kind == UnaryKind::kSoftplus &&
      first_input(graph, uses, inner) == x)
    return UnaryKind::kMish;
  return std::nullopt;
}

}  // namespace

Result<void> fuse_gated_activations(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes) {
    const auto* product = std::get_if<Binary>(&node.op);
    if (!product || product->kind != BinaryKind::kMul) continue;
    for (int side = 0; side < 2; ++side) {
      const ValueId x = node.inputs[static_cast<size_t>(side)];
      const ValueId gate = node.inputs[static_cast<size_t>(1 - side)];
      if (const std::optional<UnaryKind> kind = gated(graph, uses, x, gate)) {
        node.op = Unary{*kind, 0, 0};
        node.inputs = {x};
        break;
      }
    }
  }
  remove_dead(graph);
  return {};
}

}  // namespace shrike
