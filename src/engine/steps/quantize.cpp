#include "kernels/quantize/quantize.h"

#include <array>
#include <cmath>

#include "engine/steps/ask.h"
#include "engine/steps/families_list.h"
#include "engine/steps/rows_step.h"

namespace shrike {

namespace {

using kernels::ByteScale;

using QuantizeStep = RowsStep<float, uint8_t, ByteScale, kernels::QuantizeKernel>;
using DequantizeStep = RowsStep<uint8_t, float, ByteScale, kernels::DequantizeKernel>;

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
