#include "engine/steps/ask.h"

#include <algorithm>

namespace shrike {

const char* refuse_unless_f32(const Planner& planner, const Node& node, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (!has_input(node, i)) return "an input is missing";
    const Value& value = planner.graph().value(node.inputs[i]);
    if (value.dtype != DType::kF32) return "an input is not f32";
    if (!planner.in_memory(node.inputs[i])) return "an input has more axes than views hold";
  }
  if (node.outputs.size() != 1 || node.outputs[0] == kNoValue) return "its outputs are unusual";
  return nullptr;
}

bool is_map_of(const Planner& planner, const Node& node, DType type) {
  if (!has_input(node, 0) || node.outputs.size() != 1 || node.outputs[0] == kNoValue) return false;
  return planner.graph().value(node.inputs[0]).dtype == type && planner.in_memory(node.inputs[0]) && planner.shape(node.inputs[0]).rank() == 4;
}

const char* refuse_unless_constant(const Planner& planner, const Node& node, size_t i) {
  if (!has_input(node, i)) return nullptr;
  const Tensor* constant = planner.graph().constant(node.inputs[i]);
  if (!constant) return "its weights are computed";
  return constant->dtype() == DType::kF32 ? nullptr : "its weights are not f32";
}

const Tensor* floats_of(const Planner& planner, const Node& node, size_t i) {
  return has_input(node, i) ? planner.graph().constant(node.inputs[i]) : nullptr;
}

std::optional<std::vector<int64_t>> ints_of(const Planner& planner, const Node& node, size_t i) {
  const Tensor* constant = floats_of(planner, node, i);
  if (!constant) return std::nullopt;
  std::vector<int64_t> values;
  if (constant->dtype() == DType::kI64) {
    const auto data = constant->data<int64_t>();
    values.assign(data.begin(), data.end());
  } else if (constant->dtype() == DType::kI32) {
    const auto data = constant->data<int32_t>();
    values.assign(data.begin(), data.end());
  } else {
    return std::nullopt;
  }
  return values;
}

std::optional<kernels::Activation> activation_of(UnaryKind kind, float alpha, float beta) {
  using Kind = kernels::ActivationKind;
  struct Row {
    UnaryKind from;
    Kind to;
  };
  constexpr Row kRows[] = {
      {UnaryKind::kIdentity, Kind::kNone},
      {UnaryKind::kRelu, Kind::kRelu},
      {UnaryKind::kSigmoid, Kind::kSigmoid},
      {UnaryKind::kSilu, Kind::kSilu},
      {UnaryKind::kHardSwish, Kind::kHardSwish},
      {UnaryKind::kHardSigmoid, Kind::kHardSigmoid},
      {UnaryKind::kMish, Kind::kMish},
      {UnaryKind::kTanh, Kind::kTanh},
      {UnaryKind::kElu, Kind::kElu},
      {UnaryKind::kSoftplus, Kind::kSoftplus},
      {UnaryKind::kExp, Kind::kExp},
      {UnaryKind::kLog, Kind::kLog},
      {UnaryKind::kSqrt, Kind::kSqrt},
      {UnaryKind::kReciprocal, Kind::kReciprocal},
      {UnaryKind::kAbs, Kind::kAbs},
      {UnaryKind::kNeg, Kind::kNegate},
      {UnaryKind::kFloor, Kind::kFloor},
      {UnaryKind::kCeil, Kind::kCeil},
      {UnaryKind::kRound, Kind::kRound},
      {UnaryKind::kErf, Kind::kErf},
  };
  if (kind == UnaryKind::kLeakyRelu) return kernels::leaky_relu(alpha);
  for (const Row& row : kRows)
    if (row.from == kind) return kernels::Activation{row.to, alpha, beta};
  return std::nullopt;
}

PadPair pads_of(AutoPad mode, PadPair given, int64_t in, int64_t out, int64_t stride,
                int64_t window) {
  if (mode == AutoPad::kNotSet) return given;
  if (mode == AutoPad::kValid) return {0, 0};
  const int64_t total = std::max<int64_t>((out - 1) * stride + window - in, 0);
  const int64_t less = total / 2, more = total - less;
  return mode == AutoPad::kSameUpper ? PadPair{less, more} : PadPair{more, less};
}

}  // namespace shrike
