#include "passes/quantized_tensor.h"

namespace shrike {

bool is_scale(float scale) { return scale >= kLeastScale && scale <= kMostScale; }

std::optional<int64_t> integer_at(const Tensor& t, size_t i) {
  switch (t.dtype()) {
    case DType::kU8:
      return t.data<uint8_t>()[i];
    case DType::kI8:
      return t.data<int8_t>()[i];
    case DType::kU16:
      return t.data<uint16_t>()[i];
    case DType::kI16:
      return t.data<int16_t>()[i];
    case DType::kI32:
      return t.data<int32_t>()[i];
    case DType::kI64:
      return t.data<int64_t>()[i];
    default:
      return std::nullopt;
  }
}

std::optional<QuantizedTensor> quantized_tensor(const Graph& graph, const Node& node, ValueId q) {
  const Tensor* scale = graph.constant(node.inputs[1]);
  const bool has_zero = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
  const Tensor* zero = has_zero ? graph.constant(node.inputs[2]) : nullptr;
  if (!scale || scale->dtype() != DType::kF32 || scale->size() != 1) return std::nullopt;
  if (has_zero && (!zero || zero->size() != 1)) return std::nullopt;
  QuantizedTensor tensor{q, graph.value(q).dtype, scale->data<float>()[0], 0};
  if (!is_scale(tensor.scale)) return std::nullopt;
  if (zero) {
    const std::optional<int64_t> value = integer_at(*zero, 0);
    if (!value) return std::nullopt;
    tensor.zero = *value;
  }
  const bool known = tensor.type == DType::kU8 || tensor.type == DType::kI8 || tensor.in_words();
  return known ? std::optional(tensor) : std::nullopt;
}

std::optional<QuantizedTensor> dequantized(const Graph& graph, const Uses& uses, ValueId id) {
  const int producer = id == kNoValue ? -1 : uses.producer(id);
  if (producer < 0) return std::nullopt;
  const Node& node = graph.nodes[static_cast<size_t>(producer)];
  if (!std::holds_alternative<DequantizeLinear>(node.op)) return std::nullopt;
  return quantized_tensor(graph, node, node.inputs[0]);
}

}  // namespace shrike
