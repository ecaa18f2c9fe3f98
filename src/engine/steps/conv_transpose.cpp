#include "kernels/conv_transpose/conv_transpose.h"

#include "engine/steps/ask.h"
#include "engine/steps/conv_activation.h"
#include "engine/steps/families_list.h"
#include "engine/steps/pack.h"

namespace shrike {

namespace {

using kernels::ConvTransposeKernel;
using kernels::ConvTransposeProblem;

struct ConvTransposeSlots {
  Slot input, output, scratch;
};

class ConvTransposeStep : public Step {
 public:
  ConvTransposeStep(const ConvTransposeProblem& problem, const ConvTransposeKernel& kernel,
                    Tensor weights, Tensor bias, const ConvTransposeSlots& slots)
      : problem_(problem),
        kernel_(kernel),
        weights_(std::move(weights)),
        bias_(std::move(bias)),
        slots_(slots) {}

  void prepare(std::byte* packed) override {
    packed_ = pack_at(packed, kernel_, problem_, weights_, bias_);
    weights_ = bias_ = Tensor();
  }

  Result<void> run(RunContext& context) const override {
    for (int64_t image = 0; image < slots_.input.view.dim(0); ++image)
      kernel_.run(problem_, packed_, context.map(slots_.input, image),
                  context.map(slots_.output, image), context.pool(),
                  context.scratch(slots_.scratch));
    return {};
  }

 private:
  ConvTransposeProblem problem_;
  const ConvTransposeKernel& kernel_;
  Tensor weights_, bias_;  // the model's own, until prepare()
  kernels::PackedConv packed_;
  ConvTransposeSlots slots_;
};

ConvTransposeProblem problem_of(const Planner& planner, const Node& node) {
  const ConvTranspose& op = std::get<ConvTranspose>(node.op);
  const Shape& x = planner.shape(node.inputs[0]);
  const Shape& w = planner.shape(node.inputs[1]);
  const Shape& y = planner.shape(node.outputs[0]);
  ConvTransposeProblem problem;
  problem.in_height = x[2], problem.in_width = x[3], problem.in_channels = x[1];
  problem.out_height = y[2], problem.out_width = y[3], problem.out_channels = y[1];
  problem.kernel_h = w[2], problem.kernel_w = w[3];
  problem.stride_h = op.strides[0], problem.stride_w = op.strides[1];
  problem.pad_top = op.pads[0], problem.pad_left = op.pads[1];
  problem.dilation_h = op.dilations[0], problem.dilation_w = op.dilations[1];
  problem.groups = op.group;
  return problem;
}

// function: null, or what is computed with it.
void emit(Planner& planner, const Node& node, const Node* function) {
  ConvTransposeProblem problem = problem_of(planner, node);
  if (function) {
    const Unary& op = std::get<Unary>(function->op);
    problem.activation = *activation_of(op.kind, op.alpha, op.beta);
  }
  const auto choice = kernels::select_kernel(kernels::conv_transpose_kernels(), problem);
  const size_t scratch = choice.kernel->scratch_bytes(problem, planner.threads());
  ConvTransposeSlots slots;
  slots.input = planner.as_map(node.inputs[0]);
  slots.output = planner.new_map(function ? function->outputs[0] : node.outputs[0]);
  slots.scratch = planner.new_scratch(scratch);

  StepDraft draft = planner.draft(node, choice.kernel->name);
  if (function) draft.info.op += " + " + std::string(op_name(function->op));
  note_declined(draft.info, choice);
  draft.info.problem = kernels::problem_text(problem);
  draft.info.macs = planner.shape(node.inputs[0])[0] * problem.in_height * problem.in_width *
                    problem.in_channels * problem.group_out() * problem.taps();
  draft.info.packed_bytes = choice.kernel->packed_bytes(problem);
  draft.info.scratch_bytes = scratch;
  draft.touches = {slots.input, slots.output, slots.scratch};
  const Tensor* bias = floats_of(planner, node, 2);
  draft.step = std::make_unique<ConvTransposeStep>(
      problem, *choice.kernel, *floats_of(planner, node, 1), bias ? *bias : Tensor(), slots);
  planner.add(std::move(draft));
}

}  // namespace

const char* conv_transpose_refuse(Planner& planner, const Node& node) {
  if (const char* reason = refuse_unless_f32(planner, node, 2)) return reason;
  if (const char* reason = refuse_unless_constant(planner, node, 1)) return reason;
  return refuse_unless_constant(planner, node, 2);
}

void conv_transpose_emit(Planner& planner, const Node& node) { emit(planner, node, nullptr); }

void conv_transpose_activation_emit(Planner& planner, const Node& conv, const Node& function) {
  emit(planner, conv, &function);
}

}  // namespace shrike
