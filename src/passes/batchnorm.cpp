#include <cmath>

#include "ir/infer.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace shrike {

namespace {

// The affine map of a batch norm, per channel: y = scale * x + shift.
struct Affine {
  std::vector<double> scale, shift;
};

std::optional<Affine> affine(const Graph& graph, const Node& node) {
  const auto* norm = std::get_if<BatchNorm>(&node.op);
  if (!norm) return std::nullopt;
  std::span<const float> parameters[4];  // scale, bias, mean, var
  for (size_t i = 0; i < 4; ++i) {
    const Tensor* tensor = graph.constant(node.inputs[i + 1]);
    if (!tensor || tensor->dtype() != DType::kF32) return std::nullopt;
    parameters[i] = tensor->data<float>();
  }
  Affine map;
  for (size_t c = 0; c < parameters[0].size(); ++c) {
    const double inverse =
        1.0 / std::sqrt(static_cast<double>(parameters[3][c]) + static_cast<double>(norm->epsilon));
    map.scale.push_back(static_cast<double>(parameters[0][c]) * inverse);
    map.shift.push_back(static_cast<double>(parameters[1][c]) -
                        static_cast<double>(parameters[2][c]) * map.scale.back());
  }
  return map;
}

// Weights times the scale of their output channel. For a channel o of a Conv that is block o of
// (O, I/g, kH, kW); of a ConvTranspose (I, O/g, kH, kW), input i of group i / (I/g) leads to the
// outputs of that group.
Tensor scaled_weights(const Tensor& weights, const Affine& map, int64_t transposed_groups) {
  Tensor result(DType::kF32, weights.shape());
  const Shape& w = weights.shape();
  const int64_t area = w[2] * w[3], inner = w[1] * area;
  const std::span<const float> from = weights.data<float>();
  const std::span<float> to = result.mutable_data<float>();
  for (int64_t i = 0; i < weights.size(); ++i) {
    int64_t channel = i / inner;
    if (transposed_groups > 0)
      channel = channel / (w[0] / transposed_groups) * w[1] + i % inner / area;
    to[static_cast<size_t>(i)] =
        static_cast<float>(static_cast<double>(from[static_cast<size_t>(i)]) *
                           map.scale[static_cast<size_t>(channel)]);
  }
  return result;
}

Tensor shifted_bias(const Tensor* bias, const Affine& map) {
  Tensor result(DType::kF32, Shape{static_cast<int64_t>(map.scale.size())});
  const std::span<float> to = result.mutable_data<float>();
  for (size_t c = 0; c < to.size(); ++c) {
    const double before = bias ? static_cast<double>(bias->data<float>()[c]) : 0.0;
    to[c] = static_cast<float>(before * map.scale[c] + map.shift[c]);
  }
  return result;
}

bool is_f32(const Tensor* tensor) { return tensor && tensor->dtype() == DType::kF32; }

// The number of groups when the node is a ConvTranspose, 0 for a Conv that may be folded into.
std::optional<int64_t> foldable(const Node& node) {
  if (const auto* transposed = std::get_if<ConvTranspose>(&node.op)) return transposed->group;
  const auto* conv = std::get_if<Conv>(&node.op);
  if (!conv || conv->activation != UnaryKind::kIdentity || node.inputs.size() > 3)
    return std::nullopt;
  return 0;
}

// Folds the batch norm into the convolution that alone feeds it.
bool fold(Graph& graph, const Uses& uses, Node& norm) {
  const std::optional<Affine> map = affine(graph, norm);
  const int producer = map ? uses.producer(norm.inputs[0]) : -1;
  if (producer < 0 || !uses.single_use(norm.inputs[0])) return false;
  Node& conv = graph.nodes[static_cast<size_t>(producer)];
  const std::optional<int64_t> groups = foldable(conv);
  if (!groups) return false;
  const Tensor* weights = graph.constant(conv.inputs[1]);
  const ValueId bias_id = conv.inputs.size() > 2 ? conv.inputs[2] : kNoValue;
  const Tensor* bias = graph.constant(bias_id);
  if (!is_f32(weights) || (bias_id != kNoValue && !is_f32(bias))) return false;
  Tensor new_weights = scaled_weights(*weights, *map, *groups);
  Tensor new_bias = shifted_bias(bias, *map);
  const std::string stem = graph.value(conv.inputs[1]).name;
  conv.inputs = {conv.inputs[0], graph.add_constant(stem + ".folded", std::move(new_weights)),
                 graph.add_constant(stem + ".bias.folded", std::move(new_bias))};
  conv.outputs = {norm.outputs[0]};
  mark_removed(norm);
  return true;
}

}  // namespace

Result<void> fold_batchnorm_into_conv(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes)
    if (std::holds_alternative<BatchNorm>(node.op)) fold(graph, uses, node);
  sweep(graph);
  return {};
}

Result<void> lower_batchnorm(Graph& graph) {
  std::vector<Node> nodes;
  for (Node& node : graph.nodes) {
    const std::optional<Affine> map = affine(graph, node);
    const std::optional<Shape> x = map ? graph.value(node.inputs[0]).shape : std::nullopt;
    if (!x) {
      nodes.push_back(std::move(node));
      continue;
    }
    // (C, 1, 1) broadcasts over (N, C, H, W).
    std::vector<int64_t> dims(static_cast<size_t>(x->rank() - 1), 1);
    dims[0] = static_cast<int64_t>(map->scale.size());
    const std::vector<float> scale(map->scale.begin(), map->scale.end());
    const std::vector<float> shift(map->shift.begin(), map->shift.end());
    const std::string stem = graph.value(node.outputs[0]).name;
    const ValueId scales =
        graph.add_constant(stem + ".scale", Tensor::from<float>(Shape(dims), scale));
    const ValueId shifts =
        graph.add_constant(stem + ".shift", Tensor::from<float>(Shape(dims), shift));
    const ValueId scaled = graph.add_value(stem + ".scaled", DType::kF32, x);
    nodes.push_back({node.name, Binary{BinaryKind::kMul, 0}, {node.inputs[0], scales}, {scaled}});
    nodes.push_back({node.name, Binary{BinaryKind::kAdd, 0}, {scaled, shifts}, node.outputs});
  }
  graph.nodes = std::move(nodes);
  remove_dead(graph);
  return infer_shapes(graph);
}

}  // namespace shrike
