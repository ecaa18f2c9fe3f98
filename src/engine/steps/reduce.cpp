#include "kernels/reduce/reduce.h"

#include "engine/steps/ask.h"
#include "engine/steps/families_list.h"

namespace shrike {

namespace {

using kernels::ReduceKernel;
using kernels::ReduceProblem;

class ReduceStep : public Step {
 public:
  ReduceStep(const ReduceProblem& problem, const ReduceKernel& kernel, Slot input, Slot output)
      : problem_(problem), kernel_(kernel), input_(input), output_(output) {}

  Result<void> run(RunContext& context) const override {
    kernel_.run(problem_, context.floats(input_), context.floats(output_), context.pool());
    return {};
  }

 private:
  ReduceProblem problem_;
  const ReduceKernel& kernel_;
  Slot input_, output_;
};

// The one axis that goes; nothing where there are several or none.
std::optional<int> axis_of(const Planner& planner, const Node& node) {
  const int rank = planner.shape(node.inputs[0]).rank();
  const bool all = std::get<Reduce>(node.op).noop_with_empty_axes == 0;
  if (!has_input(node, 1)) return rank == 1 && all ? std::optional(0) : std::nullopt;
  const std::optional<std::vector<int64_t>> axes = ints_of(planner, node, 1);
  if (!axes || axes->size() != 1) return std::nullopt;
  return normalize_axis(axes->front(), rank);
}

}  // namespace

const char* reduce_refuse(Planner& planner, const Node& node) {
  const ReduceKind kind = std::get<Reduce>(node.op).kind;
  if (kind != ReduceKind::kMax && kind != ReduceKind::kMin) return "not the largest or smallest";
  if (const char* reason = refuse_unless_f32(planner, node, 1)) return reason;
  return axis_of(planner, node) ? nullptr : "not along one axis that is known";
}

void reduce_emit(Planner& planner, const Node& node) {
  const Slot input = planner.slot(node.inputs[0]);
  const int axis = *axis_of(planner, node);
  ReduceProblem problem;
  problem.largest = std::get<Reduce>(node.op).kind == ReduceKind::kMax;
  problem.n = input.view.dim(axis);
  problem.step = input.view.stride(axis);
  for (int d = 0; d < input.view.rank; ++d) {
    if (d == axis) continue;
    problem.dims[static_cast<size_t>(problem.rank)] = input.view.dim(d);
    problem.strides[static_cast<size_t>(problem.rank++)] = input.view.stride(d);
  }
  problem.rank = kernels::merge_dims(problem.rank, problem.dims, {&problem.strides});
  const auto choice = kernels::select_kernel(kernels::reduce_kernels(), problem);
  const Slot output = planner.new_dense(node.outputs[0]);
  StepDraft draft = planner.draft(node, choice.kernel->name);
  note_declined(draft.info, choice);
  draft.touches = {input, output};
  draft.step = std::make_unique<ReduceStep>(problem, *choice.kernel, input, output);
  planner.add(std::move(draft));
}

}  // namespace shrike
