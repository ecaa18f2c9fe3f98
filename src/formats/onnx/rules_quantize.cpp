#include <utility>

#include "formats/onnx/rules.h"
#include "formats/onnx/schema.h"

namespace shrike::onnx {

namespace {

// What an absent zero point means: zeros of the type, one for each scale, the same for all nodes with
// that scale. Of a computed scale there may be many that no byte of the file stands for.
Result<ValueId> zeros_like_scale(const Draft& draft, Builder& builder, DType type) {
  const ValueId id = draft.has_input(1) ? draft.inputs[1] : kNoValue;
  if (const auto known = builder.zero_points.find({id, type}); known != builder.zero_points.end())
    return known->second;
  const Shape* scale = id == kNoValue ? nullptr : builder.shape(id);
  const bool constant = scale && builder.graph.constant(id);
  if (!scale || scale->rank() > 1 || (!constant && scale->rank() != 0))
    return draft.fail("a scale that is no constant is not supported without zero point");
  Result<Tensor> zeros = Tensor::make(type, *scale);
  if (!zeros) return draft.fail(zeros.error().message);
  const ValueId made = builder.constant(draft, "zero_point", *std::move(zeros));
  builder.zero_points.emplace(std::pair{id, type}, made);
  return made;
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
  SHRIKE_ASSIGN(const ValueId zeros, zeros_like_scale(draft, builder, type));
  draft.set_input(2, zeros);
  return {};
}

}  // namespace shrike::onnx
