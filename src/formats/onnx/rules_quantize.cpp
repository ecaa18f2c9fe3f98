#include "formats/onnx/rules.h"
#include "formats/onnx/schema.h"

namespace shrike::onnx {

namespace {

// What an absent zero point means: zeros of the type, one for each scale.
Result<Tensor> zeros_like_scale(const Draft& draft, const Builder& builder, DType type) {
  const Shape* scale = draft.has_input(1) ? builder.shape(draft.inputs[1]) : nullptr;
  if (!scale || !scale->is_static() || scale->rank() > 1)
    return draft.fail("a scale that is no constant is not supported without zero point");
  Result<Tensor> zeros = Tensor::make(type, *scale);
  if (!zeros) return draft.fail(zeros.error().message);
  return zeros;
}

}  // namespace

Result<void> without_blocks(Draft& draft, Builder&) {
  SHRIKE_ASSIGN(const int64_t block, draft.take_int("block_size", 0));
  if (block != 0) return draft.fail("scales of blocks are not supported");
  return {};
}

Result<void> quantized_type(Draft& draft, Builder& builder) {
  SHRIKE_TRY(without_blocks(draft, builder));
  SHRIKE_ASSIGN(const int64_t said, draft.take_int("output_dtype", 0));
  draft.take("saturate");  // of 8-bit floats
  if (draft.has_input(2)) {
    if (said != 0 && said != static_cast<int64_t>(builder.graph.value(draft.inputs[2]).dtype))
      return draft.fail("output_dtype is not the type of zero_point");
    return {};
  }
  DType type = DType::kU8;
  if (said != 0) {
    const bool known = said > 0 && said < kBfloat16 && find_dtype(static_cast<DType>(said));
    if (!known) return draft.fail("output_dtype is " + std::to_string(said));
    type = static_cast<DType>(said);
  }
  SHRIKE_ASSIGN(Tensor zeros, zeros_like_scale(draft, builder, type));
  draft.set_input(2, builder.constant(draft, "zero_point", std::move(zeros)));
  return {};
}

}  // namespace shrike::onnx
