#include "prune/cost.h"

#include <algorithm>

#include "ir/network_cost.h"

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
    term.factor *= shape[axis];
  else
    term.lists.push_back(list_number(list));
}

CostModel::CostModel(const Graph& graph, const Channels& channels)
    : graph_(graph), channels_(channels) {
  for (const Node& node : graph.nodes) {
    const std::vector<Extent> extents = multiply_add_extents(graph, node);
    if (extents.empty()) continue;
    Term term;
    for (const auto& [value, axis] : extents) multiply(term, value, axis);
    macs_.push_back(std::move(term));
  }
  for (const ValueId id : parameters_of(graph)) {
    Term term;
    for (int axis = 0; axis < graph.constant(id)->shape().rank(); ++axis) multiply(term, id, axis);
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
