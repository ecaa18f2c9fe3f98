#include "passes/insert_batchnorm.h"

#include <algorithm>
#include <cmath>

#include "base/excerpt.h"
#include "ir/describe.h"
#include "ir/infer.h"

namespace shrike {

namespace {

constexpr float kEpsilon = 1e-3f;

// The bias of a convolution that a batch norm may be put behind; null for other nodes.
const Tensor* bias_of(const Graph& graph, const Node& node) {
  const auto* conv = std::get_if<Conv>(&node.op);
  if (!conv || conv->activation != UnaryKind::kIdentity || node.inputs.size() != 3) return nullptr;
  const Tensor* bias = graph.constant(node.inputs[2]);
  return bias && bias->dtype() == DType::kF32 && bias->shape().rank() == 1 ? bias : nullptr;
}

bool feeds(const Graph& graph, const Uses& uses, ValueId id, auto&& is_wanted) {
  const std::vector<int>& readers = uses.readers(id);
  return std::any_of(readers.begin(), readers.end(),
                     [&](int n) { return is_wanted(graph.nodes[static_cast<size_t>(n)].op); });
}

Result<void> check_moments(const Graph& graph, const Node& node, const ChannelMoments& moments) {
  const auto channels = static_cast<size_t>(bias_of(graph, node)->size());
  if (moments.mean.size() != channels || moments.variance.size() != channels)
    return model_error(describe(graph, node) + ": moments of other channels");
  for (size_t c = 0; c < channels; ++c)
    if (!std::isfinite(moments.mean[c]) || !(moments.variance[c] >= 0) ||
        !std::isfinite(moments.variance[c]))
      return model_error(describe(graph, node) + ": moments that are not finite");
  return {};
}

// The norm's node; the convolution loses its bias, and its output gets a new name.
Node norm_behind(Graph& graph, Node& conv, const ChannelMoments& moments) {
  const std::span<const float> bias = bias_of(graph, conv)->data<float>();
  std::vector<float> parameters[4];
  for (size_t c = 0; c < bias.size(); ++c) {
    const double variance = static_cast<float>(moments.variance[c]);
    parameters[0].push_back(
        static_cast<float>(std::sqrt(variance + static_cast<double>(kEpsilon))));
    parameters[1].push_back(static_cast<float>(moments.mean[c]));
    parameters[2].push_back(static_cast<float>(moments.mean[c] - static_cast<double>(bias[c])));
    parameters[3].push_back(static_cast<float>(variance));
  }
  const std::string stem = graph.value(conv.inputs[2]).name;
  const Shape shape{static_cast<int64_t>(bias.size())};
  conv.inputs.resize(2);
  // ONNX Runtime refuses nodes of the same name.
  const std::string name = conv.name.empty() ? "" : conv.name + ".norm";
  Node norm{name, BatchNorm{kEpsilon}, {}, {conv.outputs[0]}};
  const Value output = graph.value(conv.outputs[0]);
  conv.outputs[0] = graph.add_value(output.name + ".conv", output.dtype, output.shape);
  norm.inputs = {conv.outputs[0]};
  constexpr const char* kSuffixes[] = {".scale", ".shift", ".mean", ".variance"};
  for (size_t i = 0; i < 4; ++i)
    norm.inputs.push_back(
        graph.add_constant(stem + kSuffixes[i], Tensor::from<float>(shape, parameters[i])));
  return norm;
}

}  // namespace

std::vector<ValueId> folded_convolutions(const Graph& graph) {
  const Uses uses(graph);
  std::vector<ValueId> found;
  for (const Node& node : graph.nodes) {
    if (!bias_of(graph, node)) continue;
    const ValueId id = node.outputs[0];
    const bool is_map =
        feeds(graph, uses, id, [](const Op& op) { return std::holds_alternative<Head>(op); });
    const bool normed =
        feeds(graph, uses, id, [](const Op& op) { return std::holds_alternative<BatchNorm>(op); });
    if (!is_map && !normed && !uses.is_output(id)) found.push_back(id);
  }
  return found;
}

Result<void> insert_batchnorm(Graph& graph, std::span<const ValueId> values,
                              std::span<const ChannelMoments> moments) {
  assert(values.size() == moments.size());
  std::vector<int> moment_of(graph.values.size(), -1);
  for (size_t i = 0; i < values.size(); ++i)
    moment_of[static_cast<size_t>(values[i])] = static_cast<int>(i);
  const auto wanted = [&](const Node& node) {
    return bias_of(graph, node) ? moment_of[static_cast<size_t>(node.outputs[0])] : -1;
  };
  for (const Node& node : graph.nodes)
    if (const int i = wanted(node); i >= 0)
      SHRIKE_TRY(check_moments(graph, node, moments[static_cast<size_t>(i)]));
  std::vector<Node> nodes;
  for (Node& node : graph.nodes) {
    const int i = wanted(node);
    std::optional<Node> norm;
    if (i >= 0) norm = norm_behind(graph, node, moments[static_cast<size_t>(i)]);
    nodes.push_back(std::move(node));
    if (norm) nodes.push_back(std::move(*norm));
  }
  graph.nodes = std::move(nodes);
  remove_dead(graph);  // the biases
  return infer_shapes(graph);
}

}  // namespace shrike
