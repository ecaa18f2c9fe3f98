#include <algorithm>
#include <cmath>

#include "passes/channel_affine.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace shrike {

namespace {

// Where a convolution's weights lead: element i of (O, I/g, kH, kW) of a Conv to output i / inner.
// A ConvTranspose has (I, O/g, kH, kW): input i of group i / (I/g) leads to that group's outputs.
struct Weights {
  Shape shape;
  int64_t groups = 1;
  bool transposed = false;

  int64_t outputs() const { return transposed ? shape[1] * groups : shape[0]; }
  int64_t output(int64_t element) const {
    const int64_t area = shape[2] * shape[3], inner = shape[1] * area;
    const int64_t first = element / inner;
    if (!transposed) return first;
    return first / (shape[0] / groups) * shape[1] + element % inner / area;
  }
};

// Nothing when the node is no convolution that a map behind it can go into. Shapes are looked at
// here again: of a node whose input is not known yet, inference checks little.
std::optional<Weights> foldable(const Graph& graph, const Node& node) {
  const Tensor* tensor = node.inputs.size() > 1 ? graph.constant(node.inputs[1]) : nullptr;
  if (!tensor || tensor->shape().rank() != 4) return std::nullopt;
  Weights weights{tensor->shape()};
  if (const auto* transposed = std::get_if<ConvTranspose>(&node.op)) {
    weights.groups = transposed->group;
    weights.transposed = true;
    if (weights.groups < 1 || weights.shape[0] % weights.groups != 0) return std::nullopt;
    return weights;
  }
  const auto* conv = std::get_if<Conv>(&node.op);
  if (!conv || conv->group < 1 || conv->activation != UnaryKind::kIdentity ||
      node.inputs.size() > 3)
    return std::nullopt;
  weights.groups = conv->group;
  return weights;
}

void scale(std::vector<float>& values, const Weights& weights, const ChannelAffine& map) {
  for (size_t i = 0; i < values.size(); ++i) {
    const auto channel = static_cast<size_t>(weights.output(static_cast<int64_t>(i)));
    values[i] = static_cast<float>(static_cast<double>(values[i]) * map.scale[channel]);
  }
}

std::vector<float> shifted(const std::vector<float>& bias, const ChannelAffine& map) {
  std::vector<float> result;
  for (size_t c = 0; c < map.scale.size(); ++c)
    result.push_back(
        static_cast<float>(static_cast<double>(bias[c]) * map.scale[c] + map.shift[c]));
  return result;
}

// A product that f16 cannot hold would become infinite.
bool fits(DType dtype, const std::vector<float>& values) {
  constexpr float kLargestHalf = 65504.0f;
  return dtype == DType::kF32 || std::all_of(values.begin(), values.end(),
                                             [](float x) { return std::abs(x) <= kLargestHalf; });
}

// Folds the batch norm into the convolution that alone feeds it.
void fold(Graph& graph, const Uses& uses, Node& norm) {
  const std::optional<ChannelAffine> map = channel_affine(graph, norm);
  Node* conv = map ? sole_producer(graph, uses, norm.inputs[0]) : nullptr;
  const std::optional<Weights> weights = conv ? foldable(graph, *conv) : std::nullopt;
  if (!weights || weights->outputs() != map->channels()) return;
  const Tensor& old = *graph.constant(conv->inputs[1]);
  std::optional<std::vector<float>> values = float_values(&old);
  const bool has_bias = conv->inputs.size() > 2 && conv->inputs[2] != kNoValue;
  const std::optional<std::vector<float>> bias = has_bias
                                                     ? float_values(graph.constant(conv->inputs[2]))
                                                     : std::vector<float>(map->scale.size(), 0.0f);
  if (!values || !bias || bias->size() != map->scale.size()) return;

  const DType dtype = old.dtype();
  scale(*values, *weights, *map);
  const std::vector<float> new_bias = shifted(*bias, *map);
  if (!fits(dtype, *values) || !fits(dtype, new_bias)) return;
  Tensor scaled = float_tensor(dtype, weights->shape, *values);
  Tensor shift = float_tensor(dtype, Shape{map->channels()}, new_bias);
  const std::string stem = graph.value(conv->inputs[1]).name;
  conv->inputs = {conv->inputs[0], graph.add_constant(stem + ".folded", std::move(scaled)),
                  graph.add_constant(stem + ".bias.folded", std::move(shift))};
  conv->outputs = {norm.outputs[0]};
  mark_removed(norm);
}

}  // namespace

Result<void> fold_batchnorm_into_conv(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes)
    if (std::holds_alternative<BatchNorm>(node.op)) fold(graph, uses, node);
  sweep(graph);
  return {};
}

}  // namespace shrike
