#include <cmath>

#include "engine/steps/ask.h"
#include "engine/steps/families_list.h"
#include "engine/steps/pack.h"
#include "kernels/conv/conv.h"

namespace shrike {

namespace {

using kernels::ConvKernel;
using kernels::ConvProblem;

// y = factor * x + offset, one of each per channel.
struct ChannelFactors {
  Tensor factors, offsets;
};

// Of scale * (x - mean) / sqrt(variance + epsilon) + bias, the node's constants.
ChannelFactors factors_of(const Planner& planner, const Node& node) {
  const auto floats = [&](size_t i) { return floats_of(planner, node, i)->data<float>(); };
  const auto scale = floats(1), bias = floats(2), mean = floats(3), variance = floats(4);
  const double epsilon = static_cast<double>(std::get<BatchNorm>(node.op).epsilon);
  const Shape channels{static_cast<int64_t>(scale.size())};
  ChannelFactors made{Tensor(DType::kF32, channels), Tensor(DType::kF32, channels)};
  for (size_t c = 0; c < scale.size(); ++c) {
    const double factor =
        static_cast<double>(scale[c]) / std::sqrt(static_cast<double>(variance[c]) + epsilon);
    made.factors.mutable_data<float>()[c] = static_cast<float>(factor);
    made.offsets.mutable_data<float>()[c] =
        static_cast<float>(static_cast<double>(bias[c]) - factor * static_cast<double>(mean[c]));
  }
  return made;
}

class BatchNormStep : public Step {
 public:
  BatchNormStep(const ConvProblem& problem, const ConvKernel& kernel, ChannelFactors own,
                Slot input, Slot output, Slot scratch)
      : problem_(problem),
        kernel_(kernel),
        own_(std::move(own)),
        input_(input),
        output_(output),
        scratch_(scratch) {}

  void prepare(std::byte* packed) override {
    packed_ = pack_at(packed, kernel_, problem_, own_.factors, own_.offsets);
    own_ = {};
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
  ChannelFactors own_;  // until prepare()
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
  draft.info.packed_bytes = choice.kernel->packed_bytes(problem);
  draft.info.scratch_bytes = scratch_bytes;
  draft.touches = {input, output, scratch};
  draft.step = std::make_unique<BatchNormStep>(problem, *choice.kernel, factors_of(planner, node),
                                               input, output, scratch);
  planner.add(std::move(draft));
}

}  // namespace shrike
