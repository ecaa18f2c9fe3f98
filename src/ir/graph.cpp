#include "ir/graph.h"

#include <algorithm>
#include <cassert>

namespace shrike {

void Graph::refresh_index() const {
  // Values are only ever appended between rebuilds of the whole vector (remove_dead).
  if (indexed_ > values.size()) {
    index_.clear();
    indexed_ = 0;
  }
  for (; indexed_ < values.size(); ++indexed_)
    index_.emplace(values[indexed_].name, static_cast<ValueId>(indexed_));
}

std::optional<ValueId> Graph::find_value(std::string_view wanted) const {
  refresh_index();
  const auto found = index_.find(wanted);
  if (found == index_.end()) return std::nullopt;
  assert(value(found->second).name == wanted);
  return found->second;
}

void Graph::swap_names(ValueId a, ValueId b) {
  refresh_index();
  std::swap(value(a).name, value(b).name);
  for (ValueId id : {a, b}) index_[value(id).name] = id;
}

std::string Graph::unique_name(std::string_view base) const {
  refresh_index();
  const std::string stem(base.empty() ? "value" : base);
  if (!index_.contains(stem)) return stem;
  const auto numbered = [&](int64_t n) { return stem + "_" + std::to_string(n); };
  // A free number behind a taken one, found by halving: n values of one base must not take n * n
  // steps.
  int64_t taken = 1, free = 2;
  while (index_.contains(numbered(free))) {
    taken = free;
    free *= 2;
  }
  while (free - taken > 1) {
    const int64_t middle = taken + (free - taken) / 2;
    (index_.contains(numbered(middle)) ? taken : free) = middle;
  }
  return numbered(free);
}

ValueId Graph::add_value(std::string_view wanted, DType dtype, std::optional<Shape> shape) {
  Value value;
  value.name = unique_name(wanted);
  value.dtype = dtype;
  value.shape = std::move(shape);
  values.push_back(std::move(value));
  return static_cast<ValueId>(values.size() - 1);
}

ValueId Graph::add_constant(std::string_view wanted, Tensor tensor) {
  const ValueId id = add_value(wanted, tensor.dtype(), tensor.shape());
  value(id).constant = std::move(tensor);
  return id;
}

ValueId Graph::add_input(std::string_view wanted, DType dtype, Shape shape) {
  const ValueId id = add_value(wanted, dtype, std::move(shape));
  inputs.push_back(id);
  return id;
}

ValueId Graph::add_node(Op op, std::vector<ValueId> node_inputs, std::string_view output) {
  const ValueId id = add_value(output);
  nodes.push_back({value(id).name, std::move(op), std::move(node_inputs), {id}});
  return id;
}

namespace {

// Symbols that are not there are as good as empty ones.
bool same_symbols(const Value& a, const Value& b) {
  const auto symbol = [](const Value& value, int axis) {
    const size_t i = static_cast<size_t>(axis);
    return i < value.symbols.size() ? std::string_view(value.symbols[i]) : std::string_view();
  };
  for (int axis = 0; axis < (a.shape ? a.shape->rank() : 0); ++axis)
    if (symbol(a, axis) != symbol(b, axis)) return false;
  return true;
}

bool same_value(const Value& a, const Value& b) {
  return a.name == b.name && a.dtype == b.dtype && a.shape == b.shape && a.constant == b.constant &&
         same_symbols(a, b);
}

bool same_values(const Graph& a, const std::vector<ValueId>& x, const Graph& b,
                 const std::vector<ValueId>& y) {
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), [&](ValueId i, ValueId j) {
    if (i == kNoValue || j == kNoValue) return i == j;
    return same_value(a.value(i), b.value(j));
  });
}

}  // namespace

bool same_graph(const Graph& a, const Graph& b) {
  if (a.name != b.name || a.metadata != b.metadata) return false;
  if (!same_values(a, a.inputs, b, b.inputs) || !same_values(a, a.outputs, b, b.outputs))
    return false;
  return std::equal(a.nodes.begin(), a.nodes.end(), b.nodes.begin(), b.nodes.end(),
                    [&](const Node& x, const Node& y) {
                      return x.name == y.name && x.op == y.op &&
                             same_values(a, x.inputs, b, y.inputs) &&
                             same_values(a, x.outputs, b, y.outputs);
                    });
}

Uses::Uses(const Graph& graph)
    : producers_(graph.values.size(), -1),
      readers_(graph.values.size()),
      is_output_(graph.values.size(), false) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (ValueId id : graph.nodes[n].inputs)
      if (id != kNoValue) readers_[static_cast<size_t>(id)].push_back(static_cast<int>(n));
    for (ValueId id : graph.nodes[n].outputs)
      if (id != kNoValue) producers_[static_cast<size_t>(id)] = static_cast<int>(n);
  }
  for (ValueId id : graph.outputs) is_output_[static_cast<size_t>(id)] = true;
}

namespace {

// Nodes and values that the outputs depend on.
void mark_live(const Graph& graph, std::vector<bool>& live_node, std::vector<bool>& live_value) {
  for (ValueId id : graph.inputs) live_value[static_cast<size_t>(id)] = true;
  for (ValueId id : graph.outputs) live_value[static_cast<size_t>(id)] = true;
  for (size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    live_node[n] = std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) {
      return id != kNoValue && live_value[static_cast<size_t>(id)];
    });
    if (!live_node[n]) continue;
    for (const std::vector<ValueId>* ids : {&node.inputs, &node.outputs})
      for (ValueId id : *ids)
        if (id != kNoValue) live_value[static_cast<size_t>(id)] = true;
  }
}

}  // namespace

void remove_dead(Graph& graph) {
  std::vector<bool> live_node(graph.nodes.size()), live_value(graph.values.size());
  mark_live(graph, live_node, live_value);

  std::vector<ValueId> renamed(graph.values.size(), kNoValue);
  std::vector<Value> values;
  for (size_t i = 0; i < graph.values.size(); ++i) {
    if (!live_value[i]) continue;
    renamed[i] = static_cast<ValueId>(values.size());
    values.push_back(std::move(graph.values[i]));
  }
  const auto rename = [&](std::vector<ValueId>& ids) {
    for (ValueId& id : ids)
      if (id != kNoValue) id = renamed[static_cast<size_t>(id)];
  };
  std::vector<Node> nodes;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (!live_node[n]) continue;
    rename(graph.nodes[n].inputs);
    rename(graph.nodes[n].outputs);
    nodes.push_back(std::move(graph.nodes[n]));
  }
  rename(graph.inputs);
  rename(graph.outputs);

  Graph result;
  result.name = std::move(graph.name);
  result.metadata = std::move(graph.metadata);
  result.values = std::move(values);
  result.nodes = std::move(nodes);
  result.inputs = std::move(graph.inputs);
  result.outputs = std::move(graph.outputs);
  graph = std::move(result);
}

}  // namespace shrike
