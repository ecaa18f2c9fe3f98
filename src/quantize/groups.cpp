#include "quantize/groups.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "passes/moves_elements.h"

namespace shrike {

namespace {

// Disjoint sets of values.
class Sets {
 public:
  explicit Sets(size_t count) : parents_(count) { std::iota(parents_.begin(), parents_.end(), 0); }

  size_t root(ValueId id) {
    auto at = static_cast<size_t>(id);
    while (parents_[at] != at) at = parents_[at] = parents_[parents_[at]];
    return at;
  }
  void join(ValueId a, ValueId b) { parents_[root(b)] = root(a); }

 private:
  std::vector<size_t> parents_;
};

// The tensors that the node moves: its data inputs and outputs.
std::vector<ValueId> moved(const Node& node) {
  const bool all = std::holds_alternative<Concat>(node.op);
  std::vector<ValueId> ids(node.inputs.begin(), all ? node.inputs.end() : node.inputs.begin() + 1);
  ids.insert(ids.end(), node.outputs.begin(), node.outputs.end());
  std::erase(ids, kNoValue);
  return ids;
}

bool is_real(const Graph& graph, ValueId id) {
  return id != kNoValue && graph.value(id).dtype == DType::kF32 && !graph.constant(id);
}

void add_constants(const Graph& graph, std::vector<TensorGroup>& groups) {
  std::map<ValueId, TensorGroup*> of_tensor;
  for (TensorGroup& group : groups)
    for (const ValueId id : group.tensors) of_tensor[id] = &group;
  for (const Node& node : graph.nodes) {
    const auto found = of_tensor.find(node.outputs.empty() ? kNoValue : node.outputs[0]);
    if (found == of_tensor.end() || !std::holds_alternative<Concat>(node.op)) continue;
    for (const ValueId id : node.inputs)
      if (graph.constant(id)) found->second->constants.push_back(id);
  }
}

}  // namespace

bool is_quantizable(const Graph& graph, const Node& node) {
  if (!std::holds_alternative<Conv>(node.op) || !is_real(graph, node.inputs[0])) return false;
  const auto constant = [&](size_t i) {
    if (i >= node.inputs.size() || node.inputs[i] == kNoValue) return true;
    const Tensor* tensor = graph.constant(node.inputs[i]);
    return tensor && tensor->dtype() == DType::kF32;
  };
  return constant(1) && constant(2);
}

std::vector<TensorGroup> quantized_groups(const Graph& graph) {
  Sets sets(graph.values.size());
  std::vector<bool> wanted(graph.values.size(), false), passes_on(graph.values.size(), false);
  for (const Node& node : graph.nodes) {
    if (!moves_elements(node.op) || !is_real(graph, node.inputs[0])) continue;
    for (const ValueId id : moved(node))
      if (!graph.constant(id)) sets.join(node.inputs[0], id);
    for (const ValueId id : node.outputs)
      if (id != kNoValue) passes_on[static_cast<size_t>(id)] = true;
  }
  for (const Node& node : graph.nodes) {
    if (!is_quantizable(graph, node)) continue;
    wanted[sets.root(node.inputs[0])] = true;
    if (node.inputs.size() > 3) wanted[sets.root(node.inputs[3])] = true;
  }

  std::vector<TensorGroup> groups;
  std::vector<int> index(graph.values.size(), -1);
  const auto add = [&](ValueId id) {
    if (!is_real(graph, id) || !wanted[sets.root(id)]) return;
    int& group = index[sets.root(id)];
    if (group < 0) {
      group = static_cast<int>(groups.size());
      groups.emplace_back();
    }
    TensorGroup& found = groups[static_cast<size_t>(group)];
    found.tensors.push_back(id);
    if (!passes_on[static_cast<size_t>(id)]) found.producers.push_back(id);
  };
  for (const ValueId id : graph.inputs) add(id);
  for (const Node& node : graph.nodes)
    for (const ValueId id : node.outputs)
      if (id != kNoValue) add(id);
  add_constants(graph, groups);
  return groups;
}

}  // namespace shrike
