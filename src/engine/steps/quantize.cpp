#include "kernels/quantize/quantize.h"

#include <cmath>

#include "engine/steps/ask.h"
#include "engine/steps/families_list.h"
#include "engine/steps/rows_step.h"
#include "kernels/quantize/words.h"

namespace shrike {

namespace {

// u8 or i16, with one scale and zero point for all of the tensor; null, or why not.
const char* refuse_unless_uniform(const Planner& planner, const Node& node, ValueId q) {
  if (!has_input(node, 0) || !planner.in_memory(node.inputs[0])) return "it has no input in memory";
  const DType type = planner.graph().value(q).dtype;
  if (type != DType::kU8 && type != DType::kI16) return "its integers are neither u8 nor i16";
  const Tensor* scale = floats_of(planner, node, 1);
  if (!scale || scale->dtype() != DType::kF32 || scale->size() != 1)
    return "its scale is computed, or one for each channel";
  const float value = scale->data<float>()[0];
  if (!(value > 0) || !std::isfinite(value)) return "its scale is no positive number";
  if (has_input(node, 2) && !planner.graph().constant(node.inputs[2]))
    return "its zero point is computed";
  return nullptr;
}

// T: uint8_t with ByteScale, int16_t with WordScale.
template <typename T, typename Form>
Form form_of(const Planner& planner, const Node& node) {
  Form form{floats_of(planner, node, 1)->data<float>()[0], 0};
  if (const Tensor* zero = floats_of(planner, node, 2)) form.zero = zero->data<T>()[0];
  return form;
}

template <typename In, typename Out, typename Form, typename Kernel>
void emit(Planner& planner, const Node& node, const Form& form, std::span<const Kernel> table) {
  const auto choice = kernels::select_kernel(table, form);
  const bool map = planner.lies_as_map(node.inputs[0]);
  const Slot input = map ? planner.slot(node.inputs[0]) : planner.as_dense(node.inputs[0]);
  const Slot output = map ? planner.new_map(node.outputs[0]) : planner.new_dense(node.outputs[0]);
  StepDraft draft = planner.draft(node, choice.kernel->name);
  note_declined(draft.info, choice);
  draft.touches = {input, output};
  draft.step = std::make_unique<RowsStep<In, Out, Form, Kernel>>(form, *choice.kernel, input,
                                                                 output);
  planner.add(std::move(draft));
}

template <typename T, typename Form>
void emit_either(Planner& planner, const Node& node, auto quantizing, auto dequantizing) {
  const Form form = form_of<T, Form>(planner, node);
  if (std::holds_alternative<QuantizeLinear>(node.op)) {
    emit<float, T>(planner, node, form, quantizing);
  } else {
    emit<T, float>(planner, node, form, dequantizing);
  }
}

}  // namespace

const char* quantize_refuse(Planner& planner, const Node& node) {
  if (std::holds_alternative<DequantizeLinear>(node.op)) {
    if (planner.graph().value(node.outputs[0]).dtype != DType::kF32)
      return "its floats are not f32";
    return refuse_unless_uniform(planner, node, node.inputs[0]);
  }
  if (const char* reason = refuse_unless_f32(planner, node, 1)) return reason;
  return refuse_unless_uniform(planner, node, node.outputs[0]);
}

void quantize_emit(Planner& planner, const Node& node) {
  const bool quantizes = std::holds_alternative<QuantizeLinear>(node.op);
  const ValueId q = quantizes ? node.outputs[0] : node.inputs[0];
  if (planner.graph().value(q).dtype == DType::kU8) {
    emit_either<uint8_t, kernels::ByteScale>(planner, node, kernels::quantize_kernels(),
                                             kernels::dequantize_kernels());
  } else {
    emit_either<int16_t, kernels::WordScale>(planner, node, kernels::word_quantize_kernels(),
                                             kernels::word_dequantize_kernels());
  }
}

}  // namespace shrike
