#include <algorithm>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace shrike {

namespace {

bool identity_permutation(const std::vector<int64_t>& perm) {
  for (size_t i = 0; i < perm.size(); ++i)
    if (perm[i] != static_cast<int64_t>(i)) return false;
  return !perm.empty();
}

// Pads that crop on one side what they add on the other keep the shape and move what is in it.
bool pads_nothing(const Graph& graph, const Node& node) {
  const Tensor* pads = node.inputs.size() > 1 ? graph.constant(node.inputs[1]) : nullptr;
  if (!pads) return false;
  const std::span<const std::byte> bytes = pads->bytes();
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

// Elements in the same order under the same shape and type: nothing happened.
bool changes_nothing(const Graph& graph, const Node& node) {
  const Value &in = graph.value(node.inputs[0]), &out = graph.value(node.outputs[0]);
  const bool same_shape = in.shape && in.shape == out.shape && in.shape->is_static();
  if (const auto* unary = std::get_if<Unary>(&node.op)) return unary->kind == UnaryKind::kIdentity;
  if (const auto* cast = std::get_if<Cast>(&node.op)) return cast->to == in.dtype;
  if (const auto* transpose = std::get_if<Transpose>(&node.op))
    return identity_permutation(transpose->perm);
  if (std::holds_alternative<Concat>(node.op)) return node.inputs.size() == 1;
  if (std::holds_alternative<Split>(node.op)) return node.outputs.size() == 1;
  if (std::holds_alternative<Pad>(node.op)) return pads_nothing(graph, node);
  return same_shape &&
         (std::holds_alternative<Reshape>(node.op) || std::holds_alternative<Flatten>(node.op) ||
          std::holds_alternative<Expand>(node.op) || std::holds_alternative<Tile>(node.op) ||
          std::holds_alternative<Squeeze>(node.op));
}

}  // namespace

Result<void> remove_no_ops(Graph& graph) {
  Substitution substitution(graph);
  for (Node& node : graph.nodes) {
    substitution.rewrite(node);
    if (node.inputs.empty() || node.inputs[0] == kNoValue || node.outputs[0] == kNoValue) continue;
    if (changes_nothing(graph, node) && substitution.substitute(node.outputs[0], node.inputs[0]))
      mark_removed(node);
  }
  substitution.finish();
  sweep(graph);
  return {};
}

}  // namespace shrike
