#include "passes/head_tail.h"

#include <algorithm>

namespace shrike {

namespace {

// A convolution that takes the expected value of a distribution (DFL) belongs to the decode: one
// output channel with the weights 0, 1, 2, ...
bool takes_expected_value(const Graph& graph, const Node& node) {
  const Tensor* weights = graph.constant(node.inputs[1]);
  if (!weights || weights->dtype() != DType::kF32 || weights->shape()[0] != 1) return false;
  const std::span<const float> w = weights->data<float>();
  for (size_t i = 0; i < w.size(); ++i)
    if (w[i] != static_cast<float>(i)) return false;
  return w.size() > 1;
}

// Layers that make a raw map: a convolution, or one whose batch norm was kept.
bool makes_map(const Graph& graph, const Node& node) {
  if (std::holds_alternative<BatchNorm>(node.op)) return true;
  return std::holds_alternative<Conv>(node.op) && !takes_expected_value(graph, node);
}

// DequantizeLinear of the QuantizeLinear of a raw map: rounding is no part of a decode.
bool dequantizes_map(const Graph& graph, const Uses& uses, const Node& node) {
  const auto behind = [&](const Node& reader) {
    const int producer = uses.producer(reader.inputs[0]);
    return producer < 0 ? nullptr : &graph.nodes[static_cast<size_t>(producer)];
  };
  if (!std::holds_alternative<DequantizeLinear>(node.op)) return false;
  const Node* quantizes = behind(node);
  if (!quantizes || !std::holds_alternative<QuantizeLinear>(quantizes->op)) return false;
  const Node* layer = behind(*quantizes);
  return layer && makes_map(graph, *layer);
}

}  // namespace

Result<HeadTail> extract_tail(const Graph& graph, ValueId value) {
  const Uses uses(graph);
  std::vector<bool> in_tail(graph.nodes.size(), false), seen(graph.values.size(), false);
  std::vector<ValueId> open = {value}, maps;
  while (!open.empty()) {
    const ValueId id = open.back();
    open.pop_back();
    if (id == kNoValue || seen[static_cast<size_t>(id)] || graph.value(id).constant) continue;
    seen[static_cast<size_t>(id)] = true;
    const int producer = uses.producer(id);
    if (producer < 0)
      return model_error("its decode reads the picture itself, not only the last convolutions");
    const Node& node = graph.nodes[static_cast<size_t>(producer)];
    if (makes_map(graph, node) || dequantizes_map(graph, uses, node)) {
      maps.push_back(id);
      continue;
    }
    in_tail[static_cast<size_t>(producer)] = true;
    open.insert(open.end(), node.inputs.begin(), node.inputs.end());
  }
  for (ValueId id : maps) {
    const Shape* shape = graph.static_shape(id);
    if (!shape || shape->rank() != 4) return model_error("a raw map has no fixed shape");
  }
  std::sort(maps.begin(), maps.end(),
            [&](ValueId a, ValueId b) { return uses.producer(a) < uses.producer(b); });

  HeadTail tail;
  tail.maps = maps;
  tail.graph = graph;
  tail.graph.inputs = maps;
  tail.graph.outputs = {value};
  tail.graph.nodes.clear();
  for (size_t n = 0; n < graph.nodes.size(); ++n)
    if (in_tail[n]) tail.graph.nodes.push_back(graph.nodes[n]);
  remove_dead(tail.graph);
  return tail;
}

}  // namespace shrike
