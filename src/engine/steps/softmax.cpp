#include "kernels/softmax/softmax.h"

#include "engine/steps/ask.h"
#include "engine/steps/families_list.h"

namespace shrike {

namespace {

using kernels::SoftmaxKernel;
using kernels::SoftmaxProblem;

class SoftmaxStep : public Step {
 public:
  SoftmaxStep(const SoftmaxProblem& problem, const SoftmaxKernel& kernel, Slot input, Slot output)
      : problem_(problem), kernel_(kernel), input_(input), output_(output) {}

  Result<void> run(RunContext& context) const override {
    kernel_.run(problem_, context.floats(input_), context.floats(output_), context.pool());
    return {};
  }

 private:
  SoftmaxProblem problem_;
  const SoftmaxKernel& kernel_;
  Slot input_, output_;
};

}  // namespace

const char* softmax_refuse(Planner& planner, const Node& node) {
  if (planner.shape(node.inputs[0]).rank() == 0) return "its input is a scalar";
  return refuse_unless_f32(planner, node, 1);
}

void softmax_emit(Planner& planner, const Node& node) {
  const Shape& x = planner.shape(node.inputs[0]);
  const int axis = *normalize_axis(std::get<Softmax>(node.op).axis, x.rank());
  SoftmaxProblem problem;
  problem.n = x[axis];
  for (int d = 0; d < axis; ++d) problem.outer *= x[d];
  for (int d = axis + 1; d < x.rank(); ++d) problem.inner *= x[d];
  const auto choice = kernels::select_kernel(kernels::softmax_kernels(), problem);
  const Slot input = planner.as_dense(node.inputs[0]);
  const Slot output = planner.new_dense(node.outputs[0]);
  StepDraft draft = planner.draft(node, choice.kernel->name);
  note_declined(draft.info, choice);
  draft.touches = {input, output};
  draft.step = std::make_unique<SoftmaxStep>(problem, *choice.kernel, input, output);
  planner.add(std::move(draft));
}

}  // namespace shrike
