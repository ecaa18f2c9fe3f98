#include "prune/cost.h"

#include <algorithm>

namespace shrike {

size_t CostModel::list_number(const Axis& axis) {
  const auto at = std::find(lists_.begin(), lists_.end(), axis);
  if (at != lists_.end()) return static_cast<size_t>(at - lists_.begin());
  lists_.push_back(axis);
  return lists_.size() - 1;
}

void CostModel::multiply(Term& term, ValueId id, int axis) {
  const Shape& shape = *graph_.static_shape(id);
  const Axis& list = channels_.axis(id, axis);
  if (list.empty())
    term.factor *= shape[axis < 0 ? axis + shape.rank() : axis];
  else
    term.lists.push_back(list_number(list));
}

CostModel::CostModel(const Graph& graph, const Channels& channels)
    : graph_(graph), channels_(channels) {
  for (const Node& node : graph.nodes) {
    const bool conv = std::holds_alternative<Conv>(node.op);
    const bool transposed = std::holds_alternative<ConvTranspose>(node.op);
    const bool product = std::holds_alternative<MatMul>(node.op);
    const auto* gemm = std::get_if<Gemm>(&node.op);
    if (!conv && !transposed && !product && !gemm) continue;
    const ValueId x = node.inputs[0], w = node.inputs[1], y = node.outputs[0];
    if (!graph.static_shape(x) || !graph.static_shape(w) || !graph.static_shape(y)) continue;
    Term term;
    // Each weight meets each pixel of the maps behind it, or before it where it is transposed.
    if (conv || transposed) {
      for (int axis = 0; axis < 4; ++axis) multiply(term, w, axis);
      const ValueId map = conv ? y : x;
      for (const int axis : {0, 2, 3}) multiply(term, map, axis);
    } else {
      for (int axis = 0; axis < graph.static_shape(y)->rank(); ++axis) multiply(term, y, axis);
      multiply(term, x, gemm && gemm->trans_a != 0 ? 0 : -1);
    }
    macs_.push_back(std::move(term));
  }
  for (size_t v = 0; v < graph.values.size(); ++v) {
    const auto id = static_cast<ValueId>(v);
    const Tensor* tensor = graph.constant(id);
    if (!tensor || !is_float(tensor->dtype())) continue;
    Term term;
    for (int axis = 0; axis < tensor->shape().rank(); ++axis) multiply(term, id, axis);
    parameters_.push_back(std::move(term));
  }
}

NetworkCost CostModel::at(const std::vector<bool>& removed) const {
  std::vector<int64_t> left;
  for (const Axis& list : lists_)
    left.push_back(std::count_if(list.begin(), list.end(), [&](Channel channel) {
      return !removed[static_cast<size_t>(channel)];
    }));
  const auto sum = [&](const std::vector<Term>& terms) {
    int64_t total = 0;
    for (const Term& term : terms) {
      int64_t product = term.factor;
      for (const size_t list : term.lists) product *= left[list];
      total += product;
    }
    return total;
  };
  return {sum(macs_), sum(parameters_)};
}

NetworkCost cost_of(const Graph& graph) {
  const Channels channels = Channels::of(graph);
  return CostModel(graph, channels).at(std::vector<bool>(channels.count(), false));
}

}  // namespace shrike
