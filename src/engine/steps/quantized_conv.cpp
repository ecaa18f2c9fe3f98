#include "engine/steps/ask.h"
#include "engine/steps/conv_problem.h"
#include "engine/steps/families_list.h"
#include "engine/steps/pack.h"
#include "kernels/qconv/qconv.h"

namespace shrike {

namespace {

using kernels::QConvKernel;
using kernels::QConvProblem;

struct QConvSlots {
  Slot input, output, residual, scratch;
};

struct QConvTensors {
  Tensor weights, scales, bias;
};

class QConvStep : public Step {
 public:
  QConvStep(const QConvProblem& problem, const QConvKernel& kernel, QConvTensors tensors,
            const QConvSlots& slots)
      : problem_(problem), kernel_(kernel), tensors_(std::move(tensors)), slots_(slots) {}

  void prepare(std::byte* packed) override {
    const int32_t* bias = tensors_.bias.empty() ? nullptr : tensors_.bias.data<int32_t>().data();
    kernel_.pack_into(
        problem_,
        {tensors_.weights.data<int8_t>().data(), tensors_.scales.data<float>().data(), bias},
        packed);
    packed_ = packed_at(packed, kernel_.packed_bytes(problem_));
    tensors_ = {};
  }

  Result<void> run(RunContext& context) const override {
    for (int64_t image = 0; image < slots_.input.view.dim(0); ++image) {
      kernels::QConvMaps maps;
      maps.input = context.map_of<uint8_t>(slots_.input, image);
      if (problem_.output == kernels::QOutput::kBytes) {
        maps.output = context.map_of<uint8_t>(slots_.output, image);
      } else {
        maps.floats = context.map(slots_.output, image);
      }
      if (slots_.residual.in_memory())
        maps.residual = context.map_of<uint8_t>(slots_.residual, image);
      kernel_.run(problem_, packed_, maps, context.pool(), context.scratch(slots_.scratch));
    }
    return {};
  }

 private:
  QConvProblem problem_;
  const QConvKernel& kernel_;
  QConvTensors tensors_;  // the model's own, until prepare()
  kernels::PackedConv packed_;
  QConvSlots slots_;
};

QConvProblem problem_of(const Planner& planner, const Node& node) {
  const QConv& op = std::get<QConv>(node.op);
  QConvProblem problem;
  static_cast<kernels::ConvProblem&>(problem) = conv_problem(planner, node);
  problem.in_scale = op.x_scale;
  problem.in_zero = static_cast<int>(op.x_zero);
  problem.output = op.to == DType::kU8 ? kernels::QOutput::kBytes : kernels::QOutput::kFloats;
  problem.out_scale = op.y_scale;
  problem.out_zero = static_cast<int>(op.y_zero);
  problem.residual_scale = op.residual_scale;
  problem.residual_zero = static_cast<int>(op.residual_zero);
  return problem;
}

bool is_byte(int64_t zero) { return zero >= 0 && zero <= 255; }

}  // namespace

const char* quantized_conv_refuse(Planner& planner, const Node& node) {
  const QConv& op = std::get<QConv>(node.op);
  const auto type = [&](size_t i) { return planner.graph().value(node.inputs[i]).dtype; };
  if (type(0) != DType::kU8) return "its input is not u8";
  if (type(1) != DType::kI8) return "its weights are not i8";
  if (const char* reason = refuse_integer_weights(planner, node)) return reason;
  if (has_input(node, 4) && type(4) != DType::kU8) return "its residual is not u8";
  if (op.to != DType::kU8 && op.to != DType::kF32) return "its output is neither u8 nor f32";
  if (has_input(node, 3) && type(3) != DType::kI32) return "its bias is not i32";
  if (!is_byte(op.x_zero) || !is_byte(op.y_zero) || !is_byte(op.residual_zero))
    return "a zero point is no byte";
  if (!activation_of(op.activation, op.alpha, op.beta)) return "no kernel has its activation";
  return kernels::qconv_unsupported(problem_of(planner, node));
}

void quantized_conv_emit(Planner& planner, const Node& node) {
  QConvProblem problem = problem_of(planner, node);
  problem.max_packed_bytes = planner.max_packed_bytes(node);
  planner.note_conv(node, problem);
  const auto choice = kernels::select_kernel(kernels::qconv_kernels(), problem);
  QConvSlots slots;
  slots.input = planner.as_map(node.inputs[0]);
  if (has_input(node, 4)) slots.residual = planner.as_map(node.inputs[4]);
  slots.output = planner.new_map(node.outputs[0]);
  const size_t scratch = choice.kernel->scratch_bytes(problem, planner.threads());
  slots.scratch = planner.new_scratch(scratch);

  StepDraft draft = planner.draft(node, choice.kernel->name);
  note_declined(draft.info, choice);
  draft.info.macs = planner.shape(node.outputs[0])[0] * problem.macs();
  draft.info.packed_bytes = choice.kernel->packed_bytes(problem);
  draft.info.scratch_bytes = scratch;
  draft.info.cost =
      static_cast<double>(planner.shape(node.outputs[0])[0]) * choice.kernel->cost(problem);
  draft.touches = {slots.input, slots.residual, slots.output, slots.scratch};
  const auto tensor = [&](size_t i) {
    return has_input(node, i) ? *planner.graph().constant(node.inputs[i]) : Tensor();
  };
  draft.step = std::make_unique<QConvStep>(problem, *choice.kernel,
                                           QConvTensors{tensor(1), tensor(2), tensor(3)}, slots);
  planner.add(std::move(draft));
}

}  // namespace shrike
