#include "kernels/quantize/quantize.h"

#include <array>
#include <cmath>

#include "engine/steps/ask.h"
#include "engine/steps/families_list.h"
#include "engine/steps/rows.h"

namespace shrike {

namespace {

using kernels::ByteScale;

// Maps whose rows do not lie back to back are a block a row.
constexpr int64_t kAnyBlocks = INT64_MAX;

class QuantizeStep : public Step {
 public:
  QuantizeStep(const ByteScale& form, const kernels::QuantizeKernel& kernel, Slot input,
               Slot output)
      : form_(form),
        kernel_(kernel),
        input_(input),
        output_(output),
        rows_(*rows_of(std::array{input.view, output.view}, kAnyBlocks)) {}

  Result<void> run(RunContext& context) const override {
    const float* in = context.floats(input_);
    uint8_t* out = context.bytes(output_);
    for (const std::vector<int64_t>& block : rows_.blocks)
      kernel_.run(form_, {in + block[0], rows_.rows, rows_.length, rows_.strides[0]},
                  {out + block[1], rows_.rows, rows_.length, rows_.strides[1]}, context.pool());
    return {};
  }

 private:
  ByteScale form_;
  const kernels::QuantizeKernel& kernel_;
  Slot input_, output_;
  Rows rows_;
};

class DequantizeStep : public Step {
 public:
  DequantizeStep(const ByteScale& form, const kernels::DequantizeKernel& kernel, Slot input,
                 Slot output)
      : form_(form),
        kernel_(kernel),
        input_(input),
        output_(output),
        rows_(*rows_of(std::array{input.view, output.view}, kAnyBlocks)) {}

  Result<void> run(RunContext& context) const override {
    const uint8_t* in = context.bytes(input_);
    float* out = context.floats(output_);
    for (const std::vector<int64_t>& block : rows_.blocks)
      kernel_.run(form_, {in + block[0], rows_.rows, rows_.length, rows_.strides[0]},
                  {out + block[1], rows_.rows, rows_.length, rows_.strides[1]}, context.pool());
    return {};
  }

 private:
  ByteScale form_;
  const kernels::DequantizeKernel& kernel_;
  Slot input_, output_;
  Rows rows_;
};

// One scale and zero point for all of the tensor; null, or why it has not.
const char* refuse_unless_bytes(const Planner& planner, const Node& node, ValueId q) {
  if (!has_input(node, 0) || !planner.in_memory(node.inputs[0])) return "it has no input in memory";
  if (planner.graph().value(q).dtype != DType::kU8) return "its integers are not u8";
  const Tensor* scale = floats_of(planner, node, 1);
  if (!scale || scale->dtype() != DType::kF32 || scale->size() != 1)
    return "its scale is computed, or one for each channel";
  const float value = scale->data<float>()[0];
  if (!(value > 0) || !std::isfinite(value)) return "its scale is no positive number";
  if (has_input(node, 2) && !planner.graph().constant(node.inputs[2]))
    return "its zero point is computed";
  return nullptr;
}

ByteScale form_of(const Planner& planner, const Node& node) {
  ByteScale form{floats_of(planner, node, 1)->data<float>()[0], 0};
  if (const Tensor* zero = floats_of(planner, node, 2)) form.zero = zero->data<uint8_t>()[0];
  return form;
}

template <typename StepType, typename Kernel>
void emit(Planner& planner, const Node& node, std::span<const Kernel> table) {
  const ByteScale form = form_of(planner, node);
  const auto choice = kernels::select_kernel(table, form);
  const bool map = planner.lies_as_map(node.inputs[0]);
  const Slot input = map ? planner.slot(node.inputs[0]) : planner.as_dense(node.inputs[0]);
  const Slot output = map ? planner.new_map(node.outputs[0]) : planner.new_dense(node.outputs[0]);
  StepDraft draft = planner.draft(node, choice.kernel->name);
  note_declined(draft.info, choice);
  draft.touches = {input, output};
  draft.step = std::make_unique<StepType>(form, *choice.kernel, input, output);
  planner.add(std::move(draft));
}

}  // namespace

const char* quantize_refuse(Planner& planner, const Node& node) {
  if (std::holds_alternative<DequantizeLinear>(node.op)) {
    if (planner.graph().value(node.outputs[0]).dtype != DType::kF32)
      return "its floats are not f32";
    return refuse_unless_bytes(planner, node, node.inputs[0]);
  }
  if (const char* reason = refuse_unless_f32(planner, node, 1)) return reason;
  return refuse_unless_bytes(planner, node, node.outputs[0]);
}

void quantize_emit(Planner& planner, const Node& node) {
  if (std::holds_alternative<QuantizeLinear>(node.op)) {
    emit<QuantizeStep>(planner, node, kernels::quantize_kernels());
  } else {
    emit<DequantizeStep>(planner, node, kernels::dequantize_kernels());
  }
}

}  // namespace shrike
