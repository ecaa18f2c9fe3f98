#include "passes/one_to_many.h"

#include <algorithm>
#include <map>
#include <string>

#include "ir/describe.h"
#include "ir/infer.h"
#include "passes/lift_head.h"
#include "passes/rewrite.h"

namespace shrike {

namespace {

constexpr std::string_view kSuffix = ".one_to_many";
constexpr std::string_view kDetached = ".detached";

// Nodes that a value depends on.
std::vector<bool> ancestors(const Graph& graph, const Uses& uses, ValueId id) {
  std::vector<bool> found(graph.nodes.size(), false);
  std::vector<ValueId> todo{id};
  while (!todo.empty()) {
    const int producer = todo.back() == kNoValue ? -1 : uses.producer(todo.back());
    todo.pop_back();
    if (producer < 0 || found[static_cast<size_t>(producer)]) continue;
    found[static_cast<size_t>(producer)] = true;
    const Node& node = graph.nodes[static_cast<size_t>(producer)];
    todo.insert(todo.end(), node.inputs.begin(), node.inputs.end());
  }
  return found;
}

// The nodes that are the head's own: of each scale what leads to one of its maps alone. What two
// maps of a scale share is the feature map, and what lies before it.
Result<std::vector<bool>> own_nodes(const Graph& graph, const Node& head) {
  const Uses uses(graph);
  const size_t maps = std::get<Head>(head.op).maps_per_scale();
  std::vector<bool> own(graph.nodes.size(), false);
  for (size_t first = 0; first < head.inputs.size(); first += maps) {
    std::vector<int> leads(graph.nodes.size(), 0);
    for (size_t m = 0; m < maps; ++m) {
      const std::vector<bool> before = ancestors(graph, uses, head.inputs[first + m]);
      for (size_t n = 0; n < before.size(); ++n) leads[n] += before[n] ? 1 : 0;
    }
    for (size_t n = 0; n < leads.size(); ++n)
      if (leads[n] == 1) own[n] = true;
    for (size_t m = 0; m < maps; ++m) {
      const int last = uses.producer(head.inputs[first + m]);
      if (last < 0 || leads[static_cast<size_t>(last)] != 1)
        return model_error(describe(graph, head) + ": its maps have no layers of their own");
    }
  }
  return own;
}

// Copies of nodes whose weights are copies, too.
class HeadCopy {
 public:
  explicit HeadCopy(Graph& graph) : graph_(graph) {}

  void copy(const Node& node) {
    Node twin = node;
    twin.name += kSuffix;
    for (ValueId& id : twin.inputs) id = input(id);
    for (ValueId& id : twin.outputs)
      if (id != kNoValue) id = twins_[id] = renamed(id);
    nodes_.push_back(std::move(twin));
  }

  ValueId input(ValueId id) {
    if (id == kNoValue) return id;
    if (const auto found = twins_.find(id); found != twins_.end()) return found->second;
    const Value value = graph_.value(id);
    if (!value.constant || value.dtype != DType::kF32) return id;
    return twins_[id] = graph_.add_constant(value.name + std::string(kSuffix), *value.constant);
  }

  std::vector<Node> take() { return std::move(nodes_); }

 private:
  ValueId renamed(ValueId id) {
    const Value value = graph_.value(id);
    return graph_.add_value(value.name + std::string(kSuffix), value.dtype, value.shape);
  }

  Graph& graph_;
  std::map<ValueId, ValueId> twins_;
  std::vector<Node> nodes_;
};

// An Identity in front of what the own nodes read of the others. Returns their outputs.
std::vector<ValueId> detach(Graph& graph, const std::vector<bool>& own) {
  std::vector<bool> made_by_own(graph.values.size(), false);
  for (size_t n = 0; n < own.size(); ++n)
    for (ValueId id : graph.nodes[n].outputs)
      if (own[n] && id != kNoValue) made_by_own[static_cast<size_t>(id)] = true;
  std::map<ValueId, ValueId> detached;
  std::vector<ValueId> outputs;
  std::vector<Node> nodes;
  for (size_t n = 0; n < own.size(); ++n) {
    Node& node = graph.nodes[n];
    if (own[n])
      for (ValueId& id : node.inputs) {
        if (id == kNoValue || graph.constant(id) || made_by_own[static_cast<size_t>(id)]) continue;
        if (const auto found = detached.find(id); found != detached.end()) {
          id = found->second;
          continue;
        }
        const Value value = graph.value(id);
        const ValueId twin =
            graph.add_value(value.name + std::string(kDetached), value.dtype, value.shape);
        nodes.push_back({graph.value(twin).name, Unary{}, {id}, {twin}});
        outputs.push_back(twin);
        id = detached[id] = twin;
      }
    nodes.push_back(std::move(node));
  }
  graph.nodes = std::move(nodes);
  return outputs;
}

}  // namespace

Result<std::vector<ValueId>> add_one_to_many(Graph& graph) {
  const Node* found = find_head(graph);
  if (!found || std::get<Head>(found->op).max_det == 0) return std::vector<ValueId>{};
  const Node own_head = *found;
  SHRIKE_ASSIGN(const std::vector<bool> own, own_nodes(graph, own_head));
  HeadCopy copy(graph);
  for (size_t n = 0; n < own.size(); ++n)
    if (own[n]) copy.copy(graph.nodes[n]);
  Head many = std::get<Head>(own_head.op);
  many.max_det = 0;
  Node head{"one_to_many", many, own_head.inputs, {}};
  for (ValueId& id : head.inputs) id = copy.input(id);
  const std::vector<ValueId> detached = detach(graph, own);
  for (Node& node : copy.take()) graph.nodes.push_back(std::move(node));
  head.outputs = {graph.add_value("one_to_many", DType::kF32)};
  graph.outputs.push_back(head.outputs[0]);
  graph.nodes.push_back(std::move(head));
  SHRIKE_TRY(infer_shapes(graph));
  return detached;
}

const Node* find_one_to_many(const Graph& graph) {
  const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
    return node.name == "one_to_many" && std::holds_alternative<Head>(node.op);
  });
  return found == graph.nodes.end() ? nullptr : &*found;
}

void remove_one_to_many(Graph& graph) {
  const Node* head = find_one_to_many(graph);
  if (!head) return;
  std::erase(graph.outputs, head->outputs[0]);
  Substitution substitution(graph);
  for (Node& node : graph.nodes) {
    substitution.rewrite(node);
    const auto* unary = std::get_if<Unary>(&node.op);
    if (unary && unary->kind == UnaryKind::kIdentity && node.name.ends_with(kDetached))
      substitution.substitute(node.outputs[0], node.inputs[0]);
  }
  substitution.finish();
  remove_dead(graph);
}

}  // namespace shrike
