// What Q and DQ nodes say of a tensor with one scale, for the passes that move integers.
#pragma once

#include <optional>

#include "ir/graph.h"

namespace shrike {

// An integer tensor and what it stands for: real = (q - zero) * scale.
struct QuantizedTensor {
  ValueId q = kNoValue;
  DType type = DType::kUndefined;
  float scale = 1;
  int64_t zero = 0;

  bool in_words() const { return type == DType::kI16 || type == DType::kU16; }
  bool same_form(const QuantizedTensor& other) const {
    return type == other.type && scale == other.scale && zero == other.zero;
  }
};

// A scale that integers are computed with (ir/ops/quantize.h).
bool is_scale(float scale);

// Element i of an integer tensor; nothing for other types.
std::optional<int64_t> integer_at(const Tensor& tensor, size_t i);

// The parameters of a Q or DQ node whose integers are `q`; nothing where they are computed, one for
// each channel, or of no type that kernels take (u8, i8, u16, i16).
std::optional<QuantizedTensor> quantized_tensor(const Graph& graph, const Node& node, ValueId q);

// What the value is dequantised from by its producer; nothing where it is not.
std::optional<QuantizedTensor> dequantized(const Graph& graph, const Uses& uses, ValueId id);

}  // namespace shrike
