#include <algorithm>

#include "ir/infer.h"
#include "passes/passes.h"
#include "reference/evaluate.h"

namespace shrike {

namespace {

// Larger results stay nodes: folding must not turn a small file into a large process.
constexpr int64_t kMostElements = int64_t{1} << 24;

bool small(const Graph& graph, const Node& node) {
  return std::all_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) {
    if (id == kNoValue) return true;
    const Shape* shape = graph.static_shape(id);
    // Data-dependent extents (NonZero) are bounded by the constant inputs.
    return !shape || shape->element_count().value_or(INT64_MAX) <= kMostElements;
  });
}

void become_constant(Graph& graph, ValueId id, Tensor tensor) {
  Value& value = graph.value(id);
  value.dtype = tensor.dtype();
  value.shape = tensor.shape();
  value.constant = std::move(tensor);
}

bool fold_shape(Graph& graph, const Node& node) {
  const auto* op = std::get_if<ShapeOf>(&node.op);
  const Shape* shape = op ? graph.static_shape(node.inputs[0]) : nullptr;
  if (!shape) return false;
  const int64_t rank = shape->rank();
  const auto clamp = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank); };
  const int64_t begin = clamp(op->start), end = std::max(begin, clamp(op->end));
  const std::vector<int64_t> dims(shape->begin() + begin, shape->begin() + end);
  become_constant(graph, node.outputs[0], Tensor::from<int64_t>(Shape{end - begin}, dims));
  return true;
}

Result<bool> fold_node(Graph& graph, const Node& node) {
  if (fold_shape(graph, node)) return true;
  std::vector<const Tensor*> inputs;
  for (ValueId id : node.inputs) {
    inputs.push_back(graph.constant(id));
    if (id != kNoValue && !inputs.back()) return false;
  }
  if (!small(graph, node)) return false;
  SHRIKE_ASSIGN(std::vector<Tensor> outputs, evaluate_node(node, inputs));
  for (size_t i = 0; i < node.outputs.size(); ++i)
    if (node.outputs[i] != kNoValue) become_constant(graph, node.outputs[i], std::move(outputs[i]));
  return true;
}

}  // namespace

Result<void> fold_constants(Graph& graph) {
  std::vector<Node> kept;
  for (Node& node : graph.nodes) {
    // Constants found above may settle this node's shape.
    SHRIKE_TRY(infer_node(graph, node));
    SHRIKE_ASSIGN(const bool folded, fold_node(graph, node));
    if (!folded) kept.push_back(std::move(node));
  }
  graph.nodes = std::move(kept);
  remove_dead(graph);
  return {};
}

}  // namespace shrike
