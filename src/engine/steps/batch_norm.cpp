#include <cmath>

#include "engine/steps/ask.h"
#include "engine/steps/families_list.h"
#include "kernels/conv/conv.h"

namespace shrike {

namespace {

using kernels::ConvKernel;
using kernels::ConvProblem;

struct BatchNormTensors {
  Tensor scale, bias, mean, variance;
  double epsilon = 0;
};

// y = scale * (x - mean) / sqrt(var + epsilon) + bias as one product and one sum per channel.
kernels::PackedConv pack(const BatchNormTensors& own, const ConvProblem& problem,
                         const ConvKernel& kernel) {
  const auto scale = own.scale.data<float>(), bias = own.bias.data<float>();
  const auto mean = own.mean.data<float>(), variance = own.variance.data<float>();
  std::vector<float> factors, offsets;
  for (size_t c = 0; c < scale.size(); ++c) {
    const double factor =
        static_cast<double>(scale[c]) / std::sqrt(static_cast<double>(variance[c]) + own.epsilon);
    factors.push_back(static_cast<float>(factor));
    offsets.push_back(
        static_cast<float>(static_cast<double>(bias[c]) - factor * static_cast<double>(mean[c])));
  }
  return kernel.pack(problem, factors.data(), offsets.data());
}

class BatchNormStep : public Step {
 public:
  BatchNormStep(const ConvProblem& problem, const ConvKernel& kernel, const BatchNormTensors& own,
                Slot input, Slot output, Slot scratch)
      : problem_(problem),
        kernel_(kernel),
        own_(own),
        input_(input),
        output_(output),
        scratch_(scratch) {}

  size_t prepare() override {
    packed_ = pack(own_, problem_, kernel_);
    own_ = {};
    return packed_.size;
  }

  Result<void> run(RunContext& context) const override {
    for (int64_t image = 0; image < input_.view.dim(0); ++image)
      kernel_.run(problem_, packed_, {context.map(input_, image), context.map(output_, image), {}},
                  context.pool(), context.scratch(scratch_));
    return {};
  }

 private:
  ConvProblem problem_;
  const ConvKernel& kernel_;
  BatchNormTensors own_;  // the model's own, until prepare()
  kernels::PackedConv packed_;
  Slot input_, output_, scratch_;
};

}  // namespace

const char* batch_norm_refuse(Planner& planner, const Node& node) {
  if (const char* reason = refuse_unless_f32(planner, node, 5)) return reason;
  if (planner.shape(node.inputs[0]).rank() != 4) return "its input is no feature map";
  for (size_t i = 1; i < 5; ++i)
    if (const char* reason = refuse_unless_constant(planner, node, i)) return reason;
  return nullptr;
}

void batch_norm_emit(Planner& planner, const Node& node) {
  const Shape& x = planner.shape(node.inputs[0]);
  ConvProblem problem;
  problem.in_height = problem.out_height = x[2];
  problem.in_width = problem.out_width = x[3];
  problem.in_channels = problem.out_channels = problem.groups = x[1];
  const auto choice = kernels::select_kernel(kernels::conv_kernels(), problem);
  const Slot input = planner.as_map(node.inputs[0]);
  const Slot output = planner.new_map(node.outputs[0]);
  const size_t scratch_bytes = choice.kernel->scratch_bytes(problem, planner.threads());
  const Slot scratch = planner.new_scratch(scratch_bytes);
  StepDraft draft = planner.draft(node, choice.kernel->name);
  note_declined(draft.info, choice);
  draft.info.macs = *x.element_count();
  draft.info.scratch_bytes = scratch_bytes;
  draft.touches = {input, output, scratch};
  const auto tensor = [&](size_t i) { return *floats_of(planner, node, i); };
  const BatchNormTensors own{tensor(1), tensor(2), tensor(3), tensor(4),
                             static_cast<double>(std::get<BatchNorm>(node.op).epsilon)};
  draft.step =
      std::make_unique<BatchNormStep>(problem, *choice.kernel, own, input, output, scratch);
  planner.add(std::move(draft));
}

}  // namespace shrike
