#include "kernels/qconv/word_conv.h"

#include "engine/steps/ask.h"
#include "engine/steps/conv_problem.h"
#include "engine/steps/families_list.h"
#include "engine/steps/pack.h"

namespace shrike {

namespace {

using kernels::WordConvKernel;
using kernels::WordConvProblem;

struct WordConvSlots {
  Slot input, output, residual, scratch;
};

struct WordConvTensors {
  Tensor weights, scales, bias;  // bias: i64 or empty

  kernels::WordConvWeights view() const {
    const bool bytes = weights.dtype() == DType::kI8;
    return {bytes ? nullptr : weights.data<int16_t>().data(),
            bytes ? weights.data<int8_t>().data() : nullptr, scales.data<float>().data(),
            bias.empty() ? nullptr : bias.data<int64_t>().data()};
  }
};

class WordConvStep : public Step {
 public:
  WordConvStep(const WordConvProblem& problem, const WordConvKernel& kernel,
               WordConvTensors tensors, const WordConvSlots& slots)
      : problem_(problem), kernel_(kernel), tensors_(std::move(tensors)), slots_(slots) {}

  void prepare(std::byte* packed) override {
    kernel_.pack_into(problem_, tensors_.view(), packed);
    packed_ = packed_at(packed, kernel_.packed_bytes(problem_));
    tensors_ = {};
  }

  Result<void> run(RunContext& context) const override {
    for (int64_t image = 0; image < slots_.input.view.dim(0); ++image) {
      kernels::WordConvMaps maps;
      if (problem_.bytes_in) {
        maps.bytes = context.map_of<uint8_t>(slots_.input, image);
      } else {
        maps.input = context.map_of<int16_t>(slots_.input, image);
      }
      if (problem_.floats) {
        maps.floats = context.map(slots_.output, image);
      } else {
        maps.output = context.map_of<int16_t>(slots_.output, image);
      }
      if (slots_.residual.in_memory())
        maps.residual = context.map_of<int16_t>(slots_.residual, image);
      kernel_.run(problem_, packed_, maps, context.pool(), context.scratch(slots_.scratch));
    }
    return {};
  }

 private:
  WordConvProblem problem_;
  const WordConvKernel& kernel_;
  WordConvTensors tensors_;  // the model's own, until prepare()
  kernels::PackedConv packed_;
  WordConvSlots slots_;
};

DType type_of(const Planner& planner, const Node& node, size_t i) {
  return planner.graph().value(node.inputs[i]).dtype;
}

WordConvProblem problem_of(const Planner& planner, const Node& node) {
  const QConv& op = std::get<QConv>(node.op);
  WordConvProblem problem;
  static_cast<kernels::ConvProblem&>(problem) = conv_problem(planner, node);
  problem.in_scale = op.x_scale;
  problem.in_zero = static_cast<int>(op.x_zero);
  problem.bytes_in = type_of(planner, node, 0) == DType::kU8;
  problem.floats = op.to == DType::kF32;
  problem.out_scale = op.y_scale;
  problem.out_zero = static_cast<int>(op.y_zero);
  problem.residual_scale = op.residual_scale;
  problem.residual_zero = static_cast<int>(op.residual_zero);
  return problem;
}

// A bias of i32 as one of i64.
WordConvTensors tensors_of(const Planner& planner, const Node& node) {
  const Graph& graph = planner.graph();
  WordConvTensors tensors{*graph.constant(node.inputs[1]), *graph.constant(node.inputs[2]), {}};
  if (!has_input(node, 3)) return tensors;
  tensors.bias = *graph.constant(node.inputs[3]);
  if (tensors.bias.dtype() == DType::kI64) return tensors;
  const auto given = tensors.bias.data<int32_t>();
  Tensor wide(DType::kI64, tensors.bias.shape());
  std::copy(given.begin(), given.end(), wide.mutable_data<int64_t>().begin());
  tensors.bias = std::move(wide);
  return tensors;
}

bool is_word(int64_t zero) { return zero >= -32768 && zero <= 32767; }

}  // namespace

const char* word_conv_refuse(Planner& planner, const Node& node) {
  const QConv& op = std::get<QConv>(node.op);
  const DType x = type_of(planner, node, 0), w = type_of(planner, node, 1);
  if (x != DType::kI16 && x != DType::kU8) return "its input is neither u8 nor i16";
  if (w != DType::kI16 && w != DType::kI8) return "its weights are neither i8 nor i16";
  if (const char* reason = refuse_integer_weights(planner, node)) return reason;
  if (has_input(node, 4) && type_of(planner, node, 4) != DType::kI16)
    return "its residual is not i16";
  if (op.to != DType::kI16 && op.to != DType::kF32) return "its output is neither i16 nor f32";
  const bool in_range = x == DType::kU8 ? op.x_zero >= 0 && op.x_zero <= 255 : is_word(op.x_zero);
  if (!in_range || !is_word(op.y_zero) || !is_word(op.residual_zero))
    return "a zero point is none of its type";
  if (!activation_of(op.activation, op.alpha, op.beta)) return "no kernel has its activation";
  const WordConvProblem problem = problem_of(planner, node);
  if (const char* reason = kernels::word_conv_unsupported(problem)) return reason;
  return kernels::word_weights_unsupported(problem, tensors_of(planner, node).view());
}

void word_conv_emit(Planner& planner, const Node& node) {
  const WordConvProblem problem = problem_of(planner, node);
  const auto choice = kernels::select_kernel(kernels::word_conv_kernels(), problem);
  WordConvSlots slots;
  slots.input = planner.as_map(node.inputs[0]);
  if (has_input(node, 4)) slots.residual = planner.as_map(node.inputs[4]);
  slots.output = planner.new_map(node.outputs[0]);
  const size_t scratch = choice.kernel->scratch_bytes(problem, planner.threads());
  slots.scratch = planner.new_scratch(scratch);

  StepDraft draft = planner.draft(node, choice.kernel->name);
  note_declined(draft.info, choice);
  const int64_t images = planner.shape(node.outputs[0])[0];
  draft.info.macs = images * problem.macs();
  draft.info.packed_bytes = choice.kernel->packed_bytes(problem);
  draft.info.scratch_bytes = scratch;
  draft.info.cost = static_cast<double>(images) * choice.kernel->cost(problem);
  draft.touches = {slots.input, slots.residual, slots.output, slots.scratch};
  draft.step = std::make_unique<WordConvStep>(problem, *choice.kernel, tensors_of(planner, node),
                                              slots);
  planner.add(std::move(draft));
}

}  // namespace shrike
