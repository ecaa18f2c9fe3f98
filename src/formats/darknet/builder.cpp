#include "formats/darknet/builder.h"

#include <cstdint>

#include "base/excerpt.h"
#include "ir/infer.h"

namespace shrike::darknet {

namespace {

// Far over what networks have. A few bytes of a section may ask for a node.
constexpr size_t kMostNodes = 10'000;
// 16 GiB in one layer. Sums over the layers of a file cannot overflow then.
constexpr int64_t kMostWeights = int64_t{1} << 32;

std::string layer_name(const Section& section, std::string_view part) {
  return "layer_" + std::to_string(section.layer) + "_" + std::string(part);
}

// Darknet's names; those with a parameter have it fixed in the source (activations.h).
struct Activation {
  std::string_view name;
  Unary op;
};
constexpr Activation kActivations[] = {
    {"linear", {UnaryKind::kIdentity}},
    {"leaky", {UnaryKind::kLeakyRelu, 0.1f}},
    {"relu", {UnaryKind::kRelu}},
    {"logistic", {UnaryKind::kSigmoid}},
    {"mish", {UnaryKind::kMish}},
    {"swish", {UnaryKind::kSilu}},
    {"tanh", {UnaryKind::kTanh}},
    {"elu", {UnaryKind::kElu, 1.0f}},
    {"relie", {UnaryKind::kLeakyRelu, 0.01f}},
    {"hardswish", {UnaryKind::kHardSwish}},
    {"hard_swish", {UnaryKind::kHardSwish}},
};
// Those that cut off at both ends.
struct Clamp {
  std::string_view name;
  float low, high;
};
constexpr Clamp kClamps[] = {{"relu6", 0, 6}, {"hardtan", -1, 1}};

}  // namespace

Result<ValueId> Builder::previous(const Section& section) const {
  if (layers_.empty()) return graph.inputs[0];
  if (layers_.back() == kNoValue) return section.fail("cannot follow a [yolo] section directly");
  return layers_.back();
}

Result<ValueId> Builder::layer(const Section& section, int64_t index) const {
  const auto count = static_cast<int64_t>(layers_.size());
  const int64_t absolute = index < 0 ? count + index : index;
  if (absolute < 0 || absolute >= count)
    return section.fail("names layer " + std::to_string(index) + ", which is not before it");
  const ValueId id = layers_[static_cast<size_t>(absolute)];
  if (id == kNoValue)
    return section.fail("names layer " + std::to_string(index) + ", a [yolo] section");
  return id;
}

Result<ValueId> Builder::add(const Section& section, Op op, std::vector<ValueId> inputs,
                             std::string_view name) {
  if (graph.nodes.size() == kMostNodes)
    return section.fail("more than " + std::to_string(kMostNodes) + " nodes");
  const ValueId id = graph.add_node(std::move(op), std::move(inputs), layer_name(section, name));
  if (Result<void> status = infer_node(graph, graph.nodes.back()); !status)
    return section.fail(status.error().message);
  return id;
}

Result<ValueId> Builder::weights(const Section& section, std::string_view name, Shape shape) {
  if (shape.element_count().value_or(INT64_MAX) > kMostWeights)
    return section.fail("its weights are too large");
  std::optional<Tensor> tensor = weights_.take(shape);
  if (tensor) return graph.add_constant(layer_name(section, name), *std::move(tensor));
  // The file has run out: shapes are enough to go on and count what is missing.
  return graph.add_value(layer_name(section, name), DType::kF32, std::move(shape));
}

ValueId Builder::constant(const Section& section, std::string_view name, Tensor tensor) {
  return graph.add_constant(layer_name(section, name), std::move(tensor));
}

Result<ValueId> Builder::activate(const Section& section, std::string_view fallback, ValueId x) {
  const std::string_view wanted = section.text("activation", fallback);
  for (const Activation& row : kActivations) {
    if (row.name != wanted) continue;
    if (row.op.kind == UnaryKind::kIdentity) return x;
    return add(section, row.op, {x}, row.name);
  }
  for (const Clamp& row : kClamps) {
    if (row.name != wanted) continue;
    const ValueId low = constant(section, "low", Tensor::scalar(row.low));
    const ValueId high = constant(section, "high", Tensor::scalar(row.high));
    return add(section, Clip{}, {x, low, high}, row.name);
  }
  return section.fail("activation " + in_quotes(wanted) + " is not supported");
}

}  // namespace shrike::darknet
