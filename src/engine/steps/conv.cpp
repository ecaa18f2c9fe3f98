#include "kernels/conv/conv.h"

#include <algorithm>

#include "engine/steps/ask.h"
#include "engine/steps/conv_activation.h"
#include "engine/steps/conv_pool.h"
#include "engine/steps/conv_problem.h"
#include "engine/steps/families_list.h"
#include "engine/steps/pack.h"
#include "kernels/conv/candidates.h"
#include "kernels/conv/conv_picture.h"
#include "kernels/conv/conv_pool.h"
#include "kernels/conv/depthwise_sweep.h"

namespace shrike {

namespace {

using kernels::ConvKernel;
using kernels::ConvProblem;

struct ConvSlots {
  Slot input, output, residual, scratch;
};

class ConvStep : public Step {
 public:
  // pooled: null, or what runs in the kernel's stead. picture: null, or what does where the input
  // is no map; with the pooling, too.
  ConvStep(const ConvProblem& problem, const ConvKernel& kernel,
           const kernels::ConvPoolKernel* pooled, const kernels::ConvPictureKernel* picture,
           Tensor weights, Tensor bias, const ConvSlots& slots)
      : problem_(problem),
        kernel_(kernel),
        run_(pooled ? pooled->run : kernel.run),
        picture_(picture),
        pooled_(pooled != nullptr),
        weights_(std::move(weights)),
        bias_(std::move(bias)),
        slots_(slots) {}

  void prepare(std::byte* packed) override {
    packed_ = pack_at(packed, kernel_, problem_, weights_, bias_);
    weights_ = bias_ = Tensor();
  }

  bool look_ahead(std::span<const std::byte> next) override {
    if (kernel_.looks_ahead) next_ = next;
    return kernel_.looks_ahead;
  }

  Result<void> run(RunContext& context) const override {
    for (int64_t image = 0; image < slots_.input.view.dim(0); ++image) {
      const kernels::MapView output = context.map(slots_.output, image);
      const std::span<std::byte> scratch = context.scratch(slots_.scratch);
      if (picture_) {
        picture_->run(problem_, packed_, picture_at(context, slots_.input, image), output,
                      context.pool(), scratch, pooled_);
        continue;
      }
      kernels::ConvMaps maps{context.map(slots_.input, image), output, {}};
      if (image == 0) maps.next = next_;
      if (slots_.residual.in_memory()) maps.residual = context.map(slots_.residual, image);
      run_(problem_, packed_, maps, context.pool(), scratch);
    }
    return {};
  }

 private:
  ConvProblem problem_;
  const ConvKernel& kernel_;
  decltype(ConvKernel::run) run_;
  const kernels::ConvPictureKernel* picture_;
  bool pooled_;
  Tensor weights_, bias_;  // the model's own, until prepare()
  kernels::PackedConv packed_;
  std::span<const std::byte> next_;
  ConvSlots slots_;
};

// The function behind a convolution, where that is what is computed with it.
const Unary* function_of(const Node* after) {
  return after ? std::get_if<Unary>(&after->op) : nullptr;
}

// With what its weights may take.
ConvProblem limited_problem(const Planner& planner, const Node& node, const Node* after = nullptr) {
  ConvProblem problem = conv_problem(planner, node);
  if (const auto* function = function_of(after)) {
    problem.activation = *activation_of(function->kind, function->alpha, function->beta);
    problem.residual = kernels::Residual::kBeforeActivation;
    problem.half = 0;  // which is of layers without an activation
  }
  problem.max_packed_bytes = planner.max_packed_bytes(node);
  return problem;
}

bool is_poolable(Planner& planner, const Node& conv) {
  return std::holds_alternative<Conv>(conv.op) && !has_input(conv, 3) &&
         !conv_refuse(planner, conv) && planner.in_memory(conv.outputs[0]);
}

// after: null, or the pooling or function that is computed with it.
void emit(Planner& planner, const Node& node, const Node* after) {
  const ConvProblem problem = limited_problem(planner, node, after);
  const Unary* function = function_of(after);
  const bool pool = after && !function;
  planner.note_conv(node, problem);
  const ConvChoice choice = planner.choose(problem);
  const auto* picture = picture_form(planner, node.inputs[0], *choice.kernel);
  ConvSlots slots;
  slots.input = picture ? planner.slot(node.inputs[0]) : planner.as_map(node.inputs[0]);
  if (has_input(node, 3)) slots.residual = planner.as_map(node.inputs[3]);
  slots.output = planner.new_map(after ? after->outputs[0] : node.outputs[0]);
  const size_t scratch = choice.kernel->scratch_bytes(problem, planner.threads());
  slots.scratch = planner.new_scratch(scratch);
  if (!picture && kernels::gains_by_odd_distance(problem, slots.input.view.stride(3),
                                                 slots.output.view.stride(3)))
    planner.keep_odd(slots.input, slots.output);

  StepDraft draft = planner.draft(node, choice.kernel->name);
  if (after) {
    draft.info.op += " + " + std::string(op_name(after->op));
    draft.info.output_shape = planner.shape(after->outputs[0]);
  }
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
  draft.step = std::make_unique<ConvStep>(
      problem, *choice.kernel, pool ? kernels::conv_pool_form(*choice.kernel, problem) : nullptr,
      picture, *floats_of(planner, node, 1), bias ? *bias : Tensor(), slots);
  planner.add(std::move(draft));
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

void conv_emit(Planner& planner, const Node& node) { emit(planner, node, nullptr); }

bool is_halving_pool(const Planner& planner, const Node& node) {
  const auto* pool = std::get_if<MaxPool>(&node.op);
  if (!pool || !is_map_of(planner, node, DType::kF32) || !planner.in_memory(node.outputs[0]))
    return false;
  const std::vector<int64_t> twos = {2, 2};
  const Shape &in = planner.shape(node.inputs[0]), &out = planner.shape(node.outputs[0]);
  return pool->kernel_shape == twos && pool->strides == twos &&
         pool->dilations == std::vector<int64_t>{1, 1} && in[2] == 2 * out[2] &&
         in[3] == 2 * out[3] &&
         pads_of(pool->auto_pad, {pool->pads[0], pool->pads[2]}, in[2], out[2], 2, 2).begin == 0 &&
         pads_of(pool->auto_pad, {pool->pads[1], pool->pads[3]}, in[3], out[3], 2, 2).begin == 0;
}

bool can_pool(Planner& planner, const Node& conv) {
  if (!is_poolable(planner, conv)) return false;
  const ConvProblem problem = limited_problem(planner, conv);
  return kernels::conv_pool_form(*planner.choose(problem).kernel, problem) != nullptr;
}

bool could_pool(Planner& planner, const Node& conv) {
  if (!is_poolable(planner, conv)) return false;
  const ConvProblem problem = limited_problem(planner, conv);
  return std::ranges::any_of(kernels::conv_candidates(problem), [&](const ConvKernel* row) {
    return kernels::conv_pool_form(*row, problem) != nullptr;
  });
}

void conv_pool_emit(Planner& planner, const Node& conv, const Node& pool) {
  emit(planner, conv, &pool);
}

bool can_activate(Planner& planner, const Node& conv, const Node& function) {
  const Unary& unary = std::get<Unary>(function.op);
  const auto activation = activation_of(unary.kind, unary.alpha, unary.beta);
  if (!activation || activation->kind == kernels::ActivationKind::kNone ||
      !planner.in_memory(function.outputs[0]))
    return false;
  const auto there = [&](size_t i) {
    return !has_input(conv, i) || planner.graph().constant(conv.inputs[i]) ||
           planner.in_memory(conv.inputs[i]);
  };
  if (!there(0) || !there(3)) return false;
  if (std::holds_alternative<ConvTranspose>(conv.op)) return !conv_transpose_refuse(planner, conv);
  const auto* op = std::get_if<Conv>(&conv.op);
  return op && op->activation == UnaryKind::kIdentity && has_input(conv, 3) &&
         !conv_refuse(planner, conv);
}

void conv_activation_emit(Planner& planner, const Node& conv, const Node& function) {
  emit(planner, conv, &function);
}

}  // namespace shrike
