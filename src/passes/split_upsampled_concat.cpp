#include <algorithm>
#include <map>

#include "passes/node_builder.h"
#include "passes/passes.h"

namespace shrike {

namespace {

// A Concat of two maps along the channels, one of them upsampled by a Resize for it alone.
struct Upsampled {
  const Node* resize;
  ValueId small, other;     // what is upsampled, and the other map
  int64_t begin, channels;  // of the small map in the Concat
  int64_t other_begin, other_channels;
};

// A 1x1 convolution of a whole map, whose residual's place is free.
const Conv* pointwise(const Graph& graph, const Node& node) {
  const auto* conv = std::get_if<Conv>(&node.op);
  const Tensor* weights =
      conv && node.inputs.size() <= 3 ? graph.constant(node.inputs[1]) : nullptr;
  if (!weights || weights->dtype() != DType::kF32 || conv->group != 1) return nullptr;
  const Shape &w = weights->shape(), *x = graph.static_shape(node.inputs[0]),
              *y = graph.static_shape(node.outputs[0]);
  const bool same = x && y && w.rank() == 4 && w[2] == 1 && w[3] == 1 && (*x)[2] == (*y)[2] &&
                    (*x)[3] == (*y)[3] && conv->strides == std::vector<int64_t>{1, 1};
  return same ? conv : nullptr;
}

// Whether the node makes a map that has at least twice as many pixels as what it reads, by
// repeating these, from sizes that are known.
bool repeats(const Graph& graph, const Node& node) {
  const auto* resize = std::get_if<Resize>(&node.op);
  if (!resize || resize->mode != ResizeMode::kNearest) return false;
  const Shape *x = graph.static_shape(node.inputs[0]), *y = graph.static_shape(node.outputs[0]);
  for (size_t i = 1; i < node.inputs.size(); ++i)
    if (node.inputs[i] != kNoValue && !graph.constant(node.inputs[i])) return false;
  return x && y && x->rank() == 4 && (*x)[0] == (*y)[0] && (*x)[1] == (*y)[1] &&
         (*y)[2] * (*y)[3] >= 2 * (*x)[2] * (*x)[3];
}

std::optional<Upsampled> upsampled_part(const Graph& graph, const Uses& uses, const Node& concat) {
  const auto* op = std::get_if<Concat>(&concat.op);
  if (!op || concat.inputs.size() != 2 || op->axis != 1) return std::nullopt;
  for (size_t i = 0; i < 2; ++i) {
    const ValueId large = concat.inputs[i], other = concat.inputs[1 - i];
    const int producer = uses.producer(large);
    if (producer < 0 || !uses.single_use(large)) continue;
    const Node& resize = graph.nodes[static_cast<size_t>(producer)];
    if (!repeats(graph, resize) || !graph.static_shape(other) || graph.constant(other)) continue;
    const int64_t channels = (*graph.static_shape(large))[1];
    const int64_t other_channels = (*graph.static_shape(other))[1];
    return Upsampled{&resize,  resize.inputs[0],      other,         i == 0 ? 0 : other_channels,
                     channels, i == 0 ? channels : 0, other_channels};
  }
  return std::nullopt;
}

// Whether nothing but 1x1 convolutions read the value, which together have no more outputs than
// `channels`: these are upsampled in the stead of those.
bool only_for_few_outputs(const Graph& graph, const Uses& uses, ValueId value, int64_t channels) {
  int64_t outputs = 0;
  for (const int reader : uses.readers(value)) {
    const Node& node = graph.nodes[static_cast<size_t>(reader)];
    if (!pointwise(graph, node) || node.inputs[0] != value) return false;
    outputs += graph.constant(node.inputs[1])->shape()[0];
  }
  return !uses.is_output(value) && outputs <= channels;
}

// Columns [begin, begin + count) of 1x1 weights.
Tensor columns(const Tensor& weights, int64_t begin, int64_t count) {
  const int64_t outputs = weights.shape()[0], inputs = weights.shape()[1];
  Tensor part(DType::kF32, Shape{outputs, count, 1, 1});
  for (int64_t o = 0; o < outputs; ++o)
    std::copy_n(weights.data<float>().begin() + o * inputs + begin, count,
                part.mutable_data<float>().begin() + o * count);
  return part;
}

// The Resize of another number of channels; all but scales are known from shapes.
std::vector<ValueId> resized(const Graph& graph, NodeBuilder& builder, const Upsampled& part,
                             ValueId small, int64_t channels) {
  std::vector<ValueId> inputs = part.resize->inputs;
  inputs[0] = small;
  if (inputs.size() > 2 && inputs[2] != kNoValue) {
    const Shape& y = *graph.static_shape(part.resize->outputs[0]);
    inputs[2] = builder.ints({y[0], channels, y[2], y[3]});
  }
  return inputs;
}

Result<std::vector<Node>> split(Graph& graph, const Node& node, const Upsampled& part) {
  const Conv whole = std::get<Conv>(node.op);
  Conv plain = whole;
  plain.activation = UnaryKind::kIdentity;
  plain.alpha = plain.beta = 0;
  const Tensor weights = *graph.constant(node.inputs[1]);
  const std::string stem = graph.value(node.outputs[0]).name;
  const ValueId of_small =
      graph.add_constant(stem + ".upsampled_weights", columns(weights, part.begin, part.channels));
  const ValueId of_other = graph.add_constant(
      stem + ".weights", columns(weights, part.other_begin, part.other_channels));
  NodeBuilder builder(graph, stem);
  const ValueId small = builder.node(plain, {part.small, of_small}, "small");
  const ValueId large = builder.node(
      part.resize->op, resized(graph, builder, part, small, weights.shape()[0]), "upsampled");
  const ValueId bias = node.inputs.size() > 2 ? node.inputs[2] : kNoValue;
  const ValueId sum = builder.node(plain, {part.other, of_other, bias, large}, "sum");
  SHRIKE_TRY(builder.status());
  std::vector<Node> nodes = builder.take();
  if (whole.activation != UnaryKind::kIdentity)
    nodes.push_back({{}, Unary{whole.activation, whole.alpha, whole.beta}, {sum}, {}});
  nodes.back().outputs = node.outputs;
  for (Node& made : nodes) made.name = node.name;
  return nodes;
}

}  // namespace

Result<void> split_upsampled_concat(Graph& graph) {
  const Uses uses(graph);
  std::map<int, std::vector<Node>> instead;  // of convolutions, by index
  for (const Node& concat : graph.nodes) {
    const std::optional<Upsampled> part = upsampled_part(graph, uses, concat);
    if (!part || !only_for_few_outputs(graph, uses, concat.outputs[0], part->channels)) continue;
    for (const int reader : uses.readers(concat.outputs[0])) {
      SHRIKE_ASSIGN(instead[reader], split(graph, graph.nodes[static_cast<size_t>(reader)], *part));
    }
  }
  if (instead.empty()) return {};
  std::vector<Node> nodes;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto found = instead.find(static_cast<int>(i));
    if (found == instead.end()) {
      nodes.push_back(std::move(graph.nodes[i]));
    } else {
      std::move(found->second.begin(), found->second.end(), std::back_inserter(nodes));
    }
  }
  graph.nodes = std::move(nodes);
  remove_dead(graph);
  return {};
}

}  // namespace shrike
