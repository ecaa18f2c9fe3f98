#include "zoo/initialise.h"

#include <cmath>
#include <random>
#include <vector>

#include "zoo/head_rows.h"

namespace shrike::zoo {

namespace {

class Random {
 public:
  explicit Random(uint64_t seed) : bits_(seed) {}
  // Even in (-most, most).
  float operator()(double most) {
    const double unit = static_cast<double>(bits_() >> 11) * 0x1p-53;
    return static_cast<float>((2 * unit - 1) * most);
  }

 private:
  std::mt19937_64 bits_;
};

void fill(Graph& graph, ValueId id, auto&& value) {
  const Tensor* old = graph.constant(id);
  if (!old || old->dtype() != DType::kF32) return;
  Tensor fresh(DType::kF32, old->shape());
  for (float& x : fresh.mutable_data<float>()) x = value();
  graph.value(id).constant = std::move(fresh);
}

void initialise_conv(Graph& graph, const Node& node, Random& random) {
  const Tensor* weights = node.inputs.size() > 1 ? graph.constant(node.inputs[1]) : nullptr;
  if (!weights || weights->shape().rank() != 4) return;
  const Shape& shape = weights->shape();
  const double bound =
      1 / std::sqrt(static_cast<double>(std::max<int64_t>(1, shape[1] * shape[2] * shape[3])));
  for (size_t i = 1; i < node.inputs.size() && i < 3; ++i)
    if (node.inputs[i] != kNoValue) fill(graph, node.inputs[i], [&] { return random(bound); });
}

void initialise_norm(Graph& graph, const Node& node) {
  constexpr float kValues[] = {1, 0, 0, 1};  // scale, shift, mean, variance
  for (size_t i = 0; i < 4; ++i) fill(graph, node.inputs[i + 1], [&] { return kValues[i]; });
}

// What the bias of such a row of a raw map starts at; nothing where it is left as it is.
std::optional<float> prior(const Head& head, size_t scale, HeadRow row) {
  const double cells = std::pow(640.0 / static_cast<double>(head.strides[scale]), 2);
  const auto classes = static_cast<double>(head.num_classes);
  double value = 0;
  switch (head.kind) {
    case HeadKind::kAnchorFree:
      value = row == HeadRow::kBox ? 1 : std::log(5 / classes / cells);
      break;
    case HeadKind::kYolox:
      if (row == HeadRow::kBox) return std::nullopt;
      value = -std::log(99.0);
      break;
    case HeadKind::kAnchor:
    case HeadKind::kDarknet:
      if (row == HeadRow::kBox) return std::nullopt;
      value =
          row == HeadRow::kObjectness ? std::log(8 / cells) : std::log(0.6 / (classes - 0.99999));
      break;
  }
  return static_cast<float>(value);
}

}  // namespace

void initialise(Graph& graph, uint64_t seed) {
  Random random(seed);
  for (const Node& node : graph.nodes) {
    if (std::holds_alternative<Conv>(node.op)) initialise_conv(graph, node, random);
    if (std::holds_alternative<BatchNorm>(node.op)) initialise_norm(graph, node);
  }
  for_each_predictor(graph, [&](const Predictor& predictor) {
    const Tensor* bias = graph.constant(predictor.bias);
    if (!bias) return;
    Tensor fresh(DType::kF32, bias->shape());
    const std::span<float> values = fresh.mutable_data<float>();
    for (size_t i = 0; i < values.size(); ++i)
      values[i] =
          prior(predictor.head, predictor.scale, predictor.row(i)).value_or(bias->data<float>()[i]);
    graph.value(predictor.bias).constant = std::move(fresh);
  });
}

}  // namespace shrike::zoo
