#include "kernels/pool/integer_pool.h"

#include "engine/steps/ask.h"
#include "engine/steps/families_list.h"

namespace shrike {

namespace {

using kernels::PoolProblem;

// T is float or, for max pooling alone, uint8_t or int16_t.
template <typename T, typename Kernel>
class PoolStep : public Step {
 public:
  PoolStep(const PoolProblem& problem, const Kernel& kernel, Slot input, Slot output)
      : problem_(problem), kernel_(kernel), input_(input), output_(output) {}

  Result<void> run(RunContext& context) const override {
    for (int64_t image = 0; image < input_.view.dim(0); ++image)
      kernel_.run(problem_, context.map_of<T>(input_, image), context.map_of<T>(output_, image),
                  context.pool());
    return {};
  }

 private:
  PoolProblem problem_;
  const Kernel& kernel_;
  Slot input_, output_;
};

void set_window(PoolProblem& problem, const std::vector<int64_t>& kernel,
                const std::vector<int64_t>& strides, const std::vector<int64_t>& pads,
                const std::vector<int64_t>& dilations, AutoPad auto_pad) {
  problem.kernel_h = kernel[0], problem.kernel_w = kernel[1];
  problem.stride_h = strides[0], problem.stride_w = strides[1];
  problem.dilation_h = dilations[0], problem.dilation_w = dilations[1];
  const PadPair rows = pads_of(auto_pad, {pads[0], pads[2]}, problem.in_height, problem.out_height,
                               strides[0], (kernel[0] - 1) * dilations[0] + 1);
  const PadPair columns = pads_of(auto_pad, {pads[1], pads[3]}, problem.in_width, problem.out_width,
                                  strides[1], (kernel[1] - 1) * dilations[1] + 1);
  problem.pad_top = rows.begin, problem.pad_bottom = rows.end;
  problem.pad_left = columns.begin, problem.pad_right = columns.end;
}

PoolProblem problem_of(const Planner& planner, const Node& node) {
  const Shape& x = planner.shape(node.inputs[0]);
  const Shape& y = planner.shape(node.outputs[0]);
  PoolProblem problem;
  problem.channels = x[1];
  problem.in_height = x[2], problem.in_width = x[3];
  problem.out_height = y[2], problem.out_width = y[3];
  if (const auto* pool = std::get_if<MaxPool>(&node.op)) {
    set_window(problem, pool->kernel_shape, pool->strides, pool->pads, pool->dilations,
               pool->auto_pad);
  } else if (const auto* average = std::get_if<AveragePool>(&node.op)) {
    problem.kind = kernels::PoolKind::kAverage;
    problem.count_include_pad = average->count_include_pad != 0;
    set_window(problem, average->kernel_shape, average->strides, average->pads, {1, 1},
               average->auto_pad);
  } else {
    problem.kind = kernels::PoolKind::kAverage;
    problem.kernel_h = x[2], problem.kernel_w = x[3];
  }
  return problem;
}

// Whether each of `out` windows of one axis has a tap inside the map: none ends before it, none
// starts behind it, and none steps over it.
bool windows_meet(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t pad,
                  int64_t dilation) {
  return pad <= (kernel - 1) * dilation && (out - 1) * stride - pad < in &&
         (pad == 0 || dilation <= in);
}

bool is_max_of(const Planner& planner, const Node& node, DType type) {
  return std::holds_alternative<MaxPool>(node.op) && is_map_of(planner, node, type);
}

template <typename T, typename Kernel>
void emit(Planner& planner, const Node& node, std::span<const Kernel> table) {
  const PoolProblem problem = problem_of(planner, node);
  const auto choice = kernels::select_kernel(table, problem);
  const Slot input = planner.as_map(node.inputs[0]);
  const Slot output = planner.new_map(node.outputs[0]);
  StepDraft draft = planner.draft(node, choice.kernel->name);
  note_declined(draft.info, choice);
  draft.touches = {input, output};
  draft.step = std::make_unique<PoolStep<T, Kernel>>(problem, *choice.kernel, input, output);
  planner.add(std::move(draft));
}

}  // namespace

const char* pool_refuse(Planner& planner, const Node& node) {
  if (!is_max_of(planner, node, DType::kU8) && !is_max_of(planner, node, DType::kI16))
    if (const char* reason = refuse_unless_f32(planner, node, 1)) return reason;
  const PoolProblem p = problem_of(planner, node);
  if (!windows_meet(p.in_height, p.out_height, p.kernel_h, p.stride_h, p.pad_top, p.dilation_h) ||
      !windows_meet(p.in_width, p.out_width, p.kernel_w, p.stride_w, p.pad_left, p.dilation_w))
    return "a window lies in the padding";
  return nullptr;
}

void pool_emit(Planner& planner, const Node& node) {
  if (is_max_of(planner, node, DType::kU8)) {
    emit<uint8_t>(planner, node, kernels::byte_pool_kernels());
  } else if (is_max_of(planner, node, DType::kI16)) {
    emit<int16_t>(planner, node, kernels::word_pool_kernels());
  } else {
    emit<float>(planner, node, kernels::pool_kernels());
  }
}

}  // namespace shrike
