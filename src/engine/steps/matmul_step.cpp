#include "engine/steps/matmul_step.h"

namespace shrike {

namespace {

class MatmulStep : public Step {
 public:
  MatmulStep(MatmulDraft matmul, const kernels::MatmulKernel& kernel, Slot scratch)
      : matmul_(std::move(matmul)), kernel_(kernel), scratch_(scratch) {}

  Result<void> run(RunContext& context) const override {
    for (const MatmulCall& call : matmul_.calls) {
      kernels::MatmulOperands operands;
      operands.a = matmul_.a_form;
      operands.a.data = context.floats(matmul_.a) + call.a;
      operands.b = matmul_.b_form;
      operands.b.data = context.floats(matmul_.b) + call.b;
      operands.bias = matmul_.bias.empty() ? nullptr : matmul_.bias.data<float>().data();
      operands.c = context.floats(matmul_.output) + call.c;
      operands.c_batch_stride = matmul_.c_batch_stride;
      operands.c_row_stride = matmul_.c_row_stride;
      kernel_.run(matmul_.problem, operands, context.pool(), context.scratch(scratch_));
    }
    return {};
  }

 private:
  MatmulDraft matmul_;
  const kernels::MatmulKernel& kernel_;
  Slot scratch_;
};

}  // namespace

void add_matmul(Planner& planner, const Node& node, MatmulDraft matmul) {
  const kernels::MatmulProblem& problem = matmul.problem;
  const auto choice = kernels::select_kernel(kernels::matmul_kernels(), problem);
  const size_t scratch_bytes = choice.kernel->scratch_bytes(problem, planner.threads());
  const Slot scratch = planner.new_scratch(scratch_bytes);
  StepDraft draft = planner.draft(node, choice.kernel->name);
  note_declined(draft.info, choice);
  draft.info.macs =
      static_cast<int64_t>(matmul.calls.size()) * problem.batch * problem.m * problem.n * problem.k;
  draft.info.scratch_bytes = scratch_bytes;
  draft.touches = {matmul.a, matmul.b, matmul.output, scratch};
  draft.step = std::make_unique<MatmulStep>(std::move(matmul), *choice.kernel, scratch);
  planner.add(std::move(draft));
}

}  // namespace shrike
