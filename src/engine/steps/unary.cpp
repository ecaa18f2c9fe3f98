#include <array>
#include <limits>

#include "engine/steps/ask.h"
#include "engine/steps/families_list.h"
#include "engine/steps/rows_step.h"
#include "kernels/elementwise/elementwise.h"

namespace shrike {

namespace {

using kernels::Activation;
using kernels::UnaryKernel;

using UnaryStep = RowsStep<float, float, Activation, UnaryKernel>;

bool is_scalar(const Tensor& tensor) { return tensor.size() == 1; }

std::optional<Activation> function_of(const Planner& planner, const Node& node) {
  if (const auto* unary = std::get_if<Unary>(&node.op))
    return activation_of(unary->kind, unary->alpha, unary->beta);
  Activation clip{kernels::ActivationKind::kClip, std::numeric_limits<float>::lowest(),
                  std::numeric_limits<float>::max()};
  if (const Tensor* low = floats_of(planner, node, 1)) clip.alpha = low->data<float>()[0];
  if (const Tensor* high = floats_of(planner, node, 2)) clip.beta = high->data<float>()[0];
  return clip;
}

// Whether runs of a view that is neither dense nor a map are long enough to be read where they lie.
bool has_long_rows(const View& view) {
  constexpr int64_t kLong = 64, kMostBlocks = 64;
  const std::optional<Rows> rows = rows_of(std::array{view, dense_view(view.shape())}, kMostBlocks);
  return rows && rows->length >= kLong && rows->steps[0] == 1;
}

Slot input_of(Planner& planner, ValueId id) {
  const bool in_place = planner.lies_as_map(id) ||
                        (!planner.graph().constant(id) && has_long_rows(planner.slot(id).view));
  return in_place ? planner.slot(id) : planner.as_dense(id);
}

}  // namespace

const char* unary_refuse(Planner& planner, const Node& node) {
  if (const char* reason = refuse_unless_f32(planner, node, 1)) return reason;
  for (size_t bound = 1; std::holds_alternative<Clip>(node.op) && bound < 3; ++bound) {
    if (refuse_unless_constant(planner, node, bound)) return "its bounds are computed";
    const Tensor* value = floats_of(planner, node, bound);
    if (value && !is_scalar(*value)) return "its bounds are no scalars";
  }
  if (!function_of(planner, node)) return "no kernel has its function";
  return nullptr;
}

void unary_emit(Planner& planner, const Node& node) {
  const Activation function = *function_of(planner, node);
  const auto choice = kernels::select_kernel(kernels::unary_kernels(), function);
  const bool map = planner.lies_as_map(node.inputs[0]);
  const Slot input = input_of(planner, node.inputs[0]);
  const Slot output = map ? planner.new_map(node.outputs[0]) : planner.new_rows(node.outputs[0]);
  StepDraft draft = planner.draft(node, choice.kernel->name);
  note_declined(draft.info, choice);
  draft.touches = {input, output};
  draft.of_rows = [=, &kernel = *choice.kernel](int64_t first, int64_t last) {
    return std::make_unique<UnaryStep>(function, kernel, some_rows(input, first, last),
                                       some_rows(output, first, last));
  };
  draft.step = std::make_unique<UnaryStep>(function, *choice.kernel, input, output);
  planner.add(std::move(draft));
}

}  // namespace shrike
