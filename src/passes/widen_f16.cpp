#include "base/half.h"
#include "ir/infer.h"
#include "passes/passes.h"

namespace shrike {

namespace {

Result<Tensor> widened(const Tensor& half) {
  SHRIKE_ASSIGN(Tensor single, Tensor::make(DType::kF32, half.shape()));
  const std::span<const uint16_t> from = half.data<uint16_t>();
  const std::span<float> to = single.mutable_data<float>();
  for (size_t i = 0; i < from.size(); ++i) to[i] = half_to_float(from[i]);
  return single;
}

}  // namespace

Result<void> widen_f16(Graph& graph) {
  bool changed = false;
  for (Value& value : graph.values) {
    if (value.dtype != DType::kF16) continue;
    value.dtype = DType::kF32;
    if (value.constant) {
      SHRIKE_ASSIGN(value.constant, widened(*value.constant));
    }
    changed = true;
  }
  if (!changed) return {};
  for (Node& node : graph.nodes) {
    if (auto* cast = std::get_if<Cast>(&node.op); cast && cast->to == DType::kF16)
      cast->to = DType::kF32;
    if (auto* filled = std::get_if<ConstantOfShape>(&node.op);
        filled && filled->value.dtype() == DType::kF16) {
      SHRIKE_ASSIGN(filled->value, widened(filled->value));
    }
  }
  return infer_shapes(graph);
}

}  // namespace shrike
