#include "quantize/half_weights.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/half.h"
#include "ir/infer.h"

namespace shrike {

namespace {

constexpr float kLeast = 0x1p-13f, kMost = 65520;

bool multiplies(const Node& node) {
  return std::holds_alternative<Conv>(node.op) || std::holds_alternative<ConvTranspose>(node.op) ||
         std::holds_alternative<Gemm>(node.op) || std::holds_alternative<MatMul>(node.op);
}

bool can_be_halved(const Tensor& tensor) {
  if (tensor.dtype() != DType::kF32) return false;
  float most = 0;
  for (const float value : tensor.data<float>()) {
    if (!std::isfinite(value)) return false;
    most = std::max(most, std::fabs(value));
  }
  return most == 0 || (most >= kLeast && most < kMost);
}

}  // namespace

Result<void> halve_weights(Graph& graph) {
  std::map<ValueId, ValueId> widened;  // what is read instead of a constant
  std::vector<Node> nodes, casts;
  nodes.swap(graph.nodes);
  for (Node& node : nodes) {
    if (!multiplies(node)) continue;
    for (ValueId& id : node.inputs) {
      const Tensor* tensor = graph.constant(id);
      if (!tensor || !can_be_halved(*tensor)) continue;
      auto [found, added] = widened.emplace(id, kNoValue);
      if (added) {
        SHRIKE_ASSIGN(Tensor half, Tensor::make(DType::kF16, tensor->shape()));
        std::ranges::transform(tensor->data<float>(), half.mutable_data<uint16_t>().begin(),
                               float_to_half);
        const std::string name = graph.value(id).name;
        const ValueId stored = graph.add_constant(name + ".f16", std::move(half));
        found->second = graph.add_value(name + ".f32");
        casts.push_back({"", Cast{DType::kF32}, {stored}, {found->second}});
      }
      id = found->second;
    }
  }
  graph.nodes = std::move(casts);
  graph.nodes.insert(graph.nodes.end(), std::make_move_iterator(nodes.begin()),
                     std::make_move_iterator(nodes.end()));
  remove_dead(graph);
  return infer_shapes(graph);
}

}  // namespace shrike
