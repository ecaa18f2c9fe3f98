#include "ir/network_cost.h"

#include <limits>
#include <set>

namespace shrike {

namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

int64_t product_of(const Graph& graph, const std::vector<Extent>& extents) {
  int64_t product = extents.empty() ? 0 : 1;
  for (const auto& [value, axis] : extents) {
    const std::optional<int64_t> next = checked_mul(product, (*graph.static_shape(value))[axis]);
    if (!next) return kMost;
    product = *next;
  }
  return product;
}

// What `id` holds when it is read, or was before it was written in integers.
ValueId stored_value(const Graph& graph, const Uses& uses, ValueId id) {
  while (id != kNoValue && uses.producer(id) >= 0) {
    const Node& node = graph.nodes[static_cast<size_t>(uses.producer(id))];
    if (!std::holds_alternative<DequantizeLinear>(node.op) &&
        !std::holds_alternative<QuantizeLinear>(node.op))
      return kNoValue;
    id = node.inputs[0];
  }
  return id;
}

}  // namespace

bool has_weights(const Op& op) {
  return std::holds_alternative<Conv>(op) || std::holds_alternative<ConvTranspose>(op) ||
         std::holds_alternative<Gemm>(op) || std::holds_alternative<MatMul>(op) ||
         std::holds_alternative<BatchNorm>(op);
}

std::vector<Extent> multiply_add_extents(const Graph& graph, const Node& node) {
  if (!has_weights(node.op) || std::holds_alternative<BatchNorm>(node.op)) return {};
  const ValueId x = node.inputs[0], w = node.inputs[1], y = node.outputs[0];
  for (const ValueId id : {x, w, y})
    if (id == kNoValue || !graph.static_shape(id)) return {};
  std::vector<Extent> extents;
  const bool transposed = std::holds_alternative<ConvTranspose>(node.op);
  if (transposed || std::holds_alternative<Conv>(node.op)) {
    // Each weight meets each pixel of the maps behind it, or before it where it is transposed.
    for (int axis = 0; axis < graph.static_shape(w)->rank(); ++axis) extents.push_back({w, axis});
    const ValueId map = transposed ? x : y;
    for (int axis = 0; axis < graph.static_shape(map)->rank(); ++axis)
      if (axis != 1) extents.push_back({map, axis});
    return extents;
  }
  const auto* gemm = std::get_if<Gemm>(&node.op);
  for (int axis = 0; axis < graph.static_shape(y)->rank(); ++axis) extents.push_back({y, axis});
  extents.push_back({x, gemm && gemm->trans_a != 0 ? 0 : graph.static_shape(x)->rank() - 1});
  return extents;
}

int64_t multiply_adds(const Graph& graph) {
  int64_t total = 0;
  for (const Node& node : graph.nodes) {
    const int64_t own = product_of(graph, multiply_add_extents(graph, node));
    total = own > kMost - total ? kMost : total + own;
  }
  return total;
}

std::vector<ValueId> parameters_of(const Graph& graph) {
  const Uses uses(graph);
  std::set<ValueId> found;
  for (const Node& node : graph.nodes) {
    if (!has_weights(node.op)) continue;
    for (size_t i = 0; i < node.inputs.size() && i < 3; ++i) {
      const ValueId id = stored_value(graph, uses, node.inputs[i]);
      const Tensor* constant = graph.constant(id);
      if (constant && (id != node.inputs[i] || is_float(constant->dtype()))) found.insert(id);
    }
  }
  return {found.begin(), found.end()};
}

int64_t parameter_count(const Graph& graph) {
  int64_t total = 0;
  for (const ValueId id : parameters_of(graph)) total += graph.constant(id)->size();
  return total;
}

}  // namespace shrike
