#include <limits>

#include "base/half.h"
#include "formats/onnx/rules.h"

namespace shrike::onnx {

namespace {

// Moves the integers of an attribute to an input; nothing happens where it is absent.
Result<void> move_ints(Draft& draft, Builder& builder, std::string_view attribute, size_t input) {
  SHRIKE_ASSIGN(const std::optional<std::vector<int64_t>> values, draft.take_ints(attribute));
  if (values) draft.set_input(input, builder.ints(draft, attribute, *values));
  return {};
}

// A scalar of x's own type, as Clip and Pad want their bounds and value.
Result<Tensor> scalar_like(const Draft& draft, const Builder& builder, float value) {
  switch (builder.graph.value(draft.inputs[0]).dtype) {
    case DType::kF32:
      return Tensor::scalar(value);
    case DType::kF64:
      return Tensor::scalar(static_cast<double>(value));
    case DType::kF16: {
      Tensor half(DType::kF16, Shape{});
      half.mutable_data<uint16_t>()[0] = float_to_half(value);
      return half;
    }
    default:
      return draft.fail("takes floats only before operator set 11");
  }
}

Result<void> move_scalar(Draft& draft, Builder& builder, std::string_view attribute, size_t input,
                         bool wanted(float)) {
  SHRIKE_ASSIGN(const std::optional<float> value, draft.take_float(attribute));
  if (!value || !wanted(*value)) return {};
  if (!draft.has_input(0)) return draft.fail("input 0 is missing");
  SHRIKE_ASSIGN(Tensor scalar, scalar_like(draft, builder, *value));
  draft.set_input(input, builder.constant(draft, attribute, std::move(scalar)));
  return {};
}

}  // namespace

Result<void> axes_to_input(Draft& draft, Builder& builder) {
  if (draft.op == "Unsqueeze") SHRIKE_TRY(draft.expect_attribute("axes"));
  return move_ints(draft, builder, "axes", 1);
}

Result<void> split_to_input(Draft& draft, Builder& builder) {
  return move_ints(draft, builder, "split", 1);
}

Result<void> slice_to_inputs(Draft& draft, Builder& builder) {
  SHRIKE_TRY(draft.expect_attribute("starts"));
  SHRIKE_TRY(draft.expect_attribute("ends"));
  SHRIKE_TRY(move_ints(draft, builder, "starts", 1));
  SHRIKE_TRY(move_ints(draft, builder, "ends", 2));
  return move_ints(draft, builder, "axes", 3);
}

Result<void> clip_to_inputs(Draft& draft, Builder& builder) {
  // The attributes' defaults are the largest floats: no bound at all.
  SHRIKE_TRY(move_scalar(draft, builder, "min", 1,
                         [](float v) { return v != std::numeric_limits<float>::lowest(); }));
  return move_scalar(draft, builder, "max", 2,
                     [](float v) { return v != std::numeric_limits<float>::max(); });
}

Result<void> pad_to_inputs(Draft& draft, Builder& builder) {
  SHRIKE_TRY(draft.expect_attribute("pads"));
  SHRIKE_TRY(move_ints(draft, builder, "pads", 1));
  return move_scalar(draft, builder, "value", 2, [](float v) { return v != 0; });
}

Result<void> top_k_to_input(Draft& draft, Builder& builder) {
  SHRIKE_TRY(draft.expect_attribute("k"));
  SHRIKE_ASSIGN(const int64_t k, draft.take_int("k", 0));
  draft.set_input(1, builder.ints(draft, "k", {k}));
  return {};
}

}  // namespace shrike::onnx
