#include "kernels/conv/conv.h"

#include "engine/steps/ask.h"
#include "engine/steps/conv_problem.h"
#include "engine/steps/families_list.h"
#include "engine/steps/pack.h"
#include "kernels/conv/candidates.h"

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

  void prepare(std::byte* packed) override {
    packed_ = pack_at(packed, kernel_, problem_, weights_, bias_);
    weights_ = bias_ = Tensor();
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
  ConvProblem problem = conv_problem(planner, node);
  problem.max_packed_bytes = planner.max_packed_bytes(node);
  planner.note_conv(node, problem);
  const ConvChoice choice = planner.choose(problem);
  ConvSlots slots;
  slots.input = planner.as_map(node.inputs[0]);
  if (has_input(node, 3)) slots.residual = planner.as_map(node.inputs[3]);
  slots.output = planner.new_map(node.outputs[0]);
  const size_t scratch = choice.kernel->scratch_bytes(problem, planner.threads());
  slots.scratch = planner.new_scratch(scratch);

  StepDraft draft = planner.draft(node, choice.kernel->name);
  draft.info.declined.insert(draft.info.declined.end(), choice.declined.begin(),
                             choice.declined.end());
  draft.info.problem = kernels::problem_text(problem);
  draft.info.estimated = choice.estimated->name;
  draft.info.macs = planner.shape(node.outputs[0])[0] * problem.macs();
  draft.info.packed_bytes = choice.kernel->packed_bytes(problem);
  draft.info.scratch_bytes = scratch;
  draft.info.cost =
      static_cast<double>(planner.shape(node.outputs[0])[0]) * choice.kernel->cost(problem);
  draft.touches = {slots.input, slots.residual, slots.output, slots.scratch};
  const Tensor* bias = floats_of(planner, node, 2);
  draft.step = std::make_unique<ConvStep>(problem, *choice.kernel, *floats_of(planner, node, 1),
                                          bias ? *bias : Tensor(), slots);
  planner.add(std::move(draft));
}

}  // namespace shrike
