#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <vector>

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

// A product that f16 cannot hold would become infinite.
bool fits(DType dtype, std::span<const float> values) {
  constexpr float kLargestHalf = 65504.0f;
  return dtype == DType::kF32 || std::all_of(values.begin(), values.end(),
                                             [](float x) { return std::abs(x) <= kLargestHalf; });
}

void scale(std::span<const float> from, const Weights& weights, const ChannelAffine& map,
           std::span<float> to) {
  for (size_t i = 0; i < to.size(); ++i) {
    const auto channel = static_cast<size_t>(weights.output(static_cast<int64_t>(i)));
    to[i] = static_cast<float>(static_cast<double>(from[i]) * map.scale[channel]);
  }
}

// Those of f32 straight from where they lie: of large layers there is no third copy.
std::optional<Tensor> scaled(const Tensor& old, const Weights& weights, const ChannelAffine& map) {
  if (old.dtype() == DType::kF32) {
    Tensor result(DType::kF32, weights.shape);
    scale(old.data<float>(), weights, map, result.mutable_data<float>());
    return result;
  }
  std::optional<std::vector<float>> values = float_values(&old);
  if (!values) return std::nullopt;
  scale(*values, weights, map, *values);
  if (!fits(old.dtype(), *values)) return std::nullopt;
  return float_tensor(old.dtype(), weights.shape, *values);
}

std::vector<float> shifted(const std::vector<float>& bias, const ChannelAffine& map) {
  std::vector<float> result;
  for (size_t c = 0; c < map.scale.size(); ++c)
    result.push_back(
        static_cast<float>(static_cast<double>(bias[c]) * map.scale[c] + map.shift[c]));
  return result;
}

// Folds the batch norm into the convolution that alone feeds it.
void fold(Graph& graph, const Uses& uses, Node& norm) {
  const std::optional<ChannelAffine> map = channel_affine(graph, norm);
  Node* conv = map ? sole_producer(graph, uses, norm.inputs[0]) : nullptr;
  const std::optional<Weights> weights = conv ? foldable(graph, *conv) : std::nullopt;
  if (!weights || weights->outputs() != map->channels()) return;
  const ValueId old = conv->inputs[1];
  const DType dtype = graph.value(old).constant->dtype();
  const bool has_bias = conv->inputs.size() > 2 && conv->inputs[2] != kNoValue;
  const std::optional<std::vector<float>> bias = has_bias
                                                     ? float_values(graph.constant(conv->inputs[2]))
                                                     : std::vector<float>(map->scale.size(), 0.0f);
  if (!bias || bias->size() != map->scale.size()) return;
  const std::vector<float> new_bias = shifted(*bias, *map);
  if (!fits(dtype, new_bias)) return;
  std::optional<Tensor> folded = scaled(*graph.value(old).constant, *weights, *map);
  if (!folded) return;

  // What nobody else reads goes at once, and with it the memory of a mapped file.
  if (uses.single_use(old)) graph.value(old).constant.reset();
  Tensor shift = float_tensor(dtype, Shape{map->channels()}, new_bias);
  const std::string stem = graph.value(old).name;
  conv->inputs = {conv->inputs[0], graph.add_constant(stem + ".folded", *std::move(folded)),
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
