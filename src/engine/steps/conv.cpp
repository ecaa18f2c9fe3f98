#include "kernels/conv/conv.h"

#include "engine/steps/ask.h"
#include "engine/steps/families_list.h"

namespace shrike {

namespace {

using kernels::ConvKernel;
using kernels::ConvProblem;

struct ConvSlots {
  Slot input, output, residual, scratch;
};

class ConvStep : public Step {
 public:
  ConvStep(const ConvProblem& problem, const ConvKernel& kernel, Tensor weights, Tensor bias,
           const ConvSlots& slots)
      : problem_(problem),
        kernel_(kernel),
        weights_(std::move(weights)),
        bias_(std::move(bias)),
        slots_(slots) {}

  size_t prepare() override {
    const float* bias = bias_.empty() ? nullptr : bias_.data<float>().data();
    packed_ = kernel_.pack(problem_, weights_.data<float>().data(), bias);
    weights_ = bias_ = Tensor();
    return packed_.size;
  }

  Result<void> run(RunContext& context) const override {
    for (int64_t image = 0; image < slots_.input.view.dim(0); ++image) {
      kernels::ConvMaps maps{
          context.map(slots_.input, image), context.map(slots_.output, image), {}};
      if (slots_.residual.in_memory()) maps.residual = context.map(slots_.residual, image);
      kernel_.run(problem_, packed_, maps, context.pool(), context.scratch(slots_.scratch));
    }
    return {};
  }

 private:
  ConvProblem problem_;
  const ConvKernel& kernel_;
  Tensor weights_, bias_;  // the model's own, until prepare()
  kernels::PackedConv packed_;
  ConvSlots slots_;
};

ConvProblem problem_of(const Planner& planner, const Node& node) {
  const Conv& op = std::get<Conv>(node.op);
  const Shape& x = planner.shape(node.inputs[0]);
  const Shape& w = planner.shape(node.inputs[1]);
  const Shape& y = planner.shape(node.outputs[0]);
  const auto pad = [&](size_t axis) {
    const int a = static_cast<int>(axis) + 2;
    return pads_of(op.auto_pad, {op.pads[axis], op.pads[axis + 2]}, x[a], y[a], op.strides[axis],
                   (w[a] - 1) * op.dilations[axis] + 1)
        .begin;
  };
  ConvProblem problem;
  problem.in_height = x[2], problem.in_width = x[3], problem.in_channels = x[1];
  problem.out_height = y[2], problem.out_width = y[3], problem.out_channels = y[1];
  problem.kernel_h = w[2], problem.kernel_w = w[3];
  problem.stride_h = op.strides[0], problem.stride_w = op.strides[1];
  problem.dilation_h = op.dilations[0], problem.dilation_w = op.dilations[1];
  problem.pad_top = pad(0), problem.pad_left = pad(1);
  problem.groups = op.group;
  problem.activation = *activation_of(op.activation, op.alpha, op.beta);
  if (has_input(node, 3)) problem.residual = kernels::Residual::kAfterActivation;
  return problem;
}

}  // namespace

const char* conv_refuse(Planner& planner, const Node& node) {
  const Conv& op = std::get<Conv>(node.op);
  if (const char* reason = refuse_unless_f32(planner, node, 2)) return reason;
  if (const char* reason = refuse_unless_constant(planner, node, 1)) return reason;
  if (const char* reason = refuse_unless_constant(planner, node, 2)) return reason;
  if (!activation_of(op.activation, op.alpha, op.beta)) return "no kernel has its activation";
  return nullptr;
}

void conv_emit(Planner& planner, const Node& node) {
  const ConvProblem problem = problem_of(planner, node);
  const auto choice = kernels::select_kernel(kernels::conv_kernels(), problem);
  ConvSlots slots;
  slots.input = planner.as_map(node.inputs[0]);
  if (has_input(node, 3)) slots.residual = planner.as_map(node.inputs[3]);
  slots.output = planner.new_map(node.outputs[0]);
  const size_t scratch = choice.kernel->scratch_bytes(problem, planner.threads());
  slots.scratch = planner.new_scratch(scratch);

  StepDraft draft = planner.draft(node, choice.kernel->name);
  note_declined(draft.info, choice);
  draft.info.macs = planner.shape(node.outputs[0])[0] * problem.macs();
  draft.info.scratch_bytes = scratch;
  draft.touches = {slots.input, slots.residual, slots.output, slots.scratch};
  const Tensor* bias = floats_of(planner, node, 2);
  draft.step = std::make_unique<ConvStep>(problem, *choice.kernel, *floats_of(planner, node, 1),
                                          bias ? *bias : Tensor(), slots);
  planner.add(std::move(draft));
}

}  // namespace shrike
