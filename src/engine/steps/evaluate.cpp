#include "reference/evaluate.h"

#include <cstring>

#include "engine/steps/families_list.h"
#include "ir/describe.h"

namespace shrike {

namespace {

// Where an input comes from: nothing of these where it is absent.
struct Source {
  std::optional<Tensor> constant;
  std::optional<Slot> slot;
};

class EvaluateStep : public Step {
 public:
  EvaluateStep(Node node, std::vector<Source> sources, std::vector<std::optional<Slot>> targets)
      : node_(std::move(node)), sources_(std::move(sources)), targets_(std::move(targets)) {}

  Result<void> run(RunContext& context) const override {
    std::vector<Tensor> held(sources_.size());
    std::vector<const Tensor*> inputs(sources_.size(), nullptr);
    for (size_t i = 0; i < sources_.size(); ++i) {
      const Source& source = sources_[i];
      if (source.constant) inputs[i] = &*source.constant;
      if (!source.slot) continue;
      SHRIKE_ASSIGN(held[i], fetch(context, *source.slot));
      inputs[i] = &held[i];
    }
    SHRIKE_ASSIGN(std::vector<Tensor> outputs, evaluate_node(node_, inputs));
    for (size_t i = 0; i < targets_.size(); ++i)
      if (targets_[i]) SHRIKE_TRY(store(context, *targets_[i], outputs[i], held));
    return {};
  }
  bool by_caller_only() const override { return true; }

 private:
  // A dense slot's bytes, borrowed for the length of the step.
  static Result<Tensor> fetch(const RunContext& context, const Slot& slot) {
    if (!slot.in_memory()) return context.tensor(slot);
    const size_t size = dtype_size(slot.dtype);
    const std::byte* first = context.base(slot) + static_cast<size_t>(slot.view.offset) * size;
    return Tensor::borrow(slot.dtype, slot.view.shape(),
                          {first, static_cast<size_t>(slot.view.count()) * size}, nullptr);
  }

  Result<void> store(const RunContext& context, const Slot& slot, const Tensor& output,
                     const std::vector<Tensor>& borrowed) const {
    if (slot.in_memory()) {
      if (output.dtype() != slot.dtype || output.shape() != slot.view.shape())
        return model_error(describe(node_) + " gave " + to_string(output.shape()) + " where " +
                           to_string(slot.view.shape()) + " was planned");
      std::memcpy(
          context.base(slot) + static_cast<size_t>(slot.view.offset) * dtype_size(slot.dtype),
          output.bytes().data(), output.byte_size());
      return {};
    }
    // An output may share an input's bytes, which are only lent.
    context.tensor(slot) = output;
    for (const Tensor& input : borrowed)
      if (!input.empty() && output.bytes().data() == input.bytes().data()) {
        SHRIKE_ASSIGN(Tensor own, Tensor::make(output.dtype(), output.shape()));
        std::memcpy(own.mutable_bytes().data(), output.bytes().data(), output.byte_size());
        context.tensor(slot) = std::move(own);
      }
    return {};
  }

  Node node_;
  std::vector<Source> sources_;
  std::vector<std::optional<Slot>> targets_;
};

}  // namespace

void evaluate_emit(Planner& planner, const Node& node) {
  StepDraft draft = planner.draft(node, "evaluate");
  std::vector<Source> sources;
  for (ValueId id : node.inputs) {
    Source source;
    if (id != kNoValue && planner.graph().constant(id)) {
      source.constant = *planner.graph().constant(id);
    } else if (id != kNoValue) {
      source.slot = planner.in_memory(id) ? planner.as_dense(id) : planner.slot(id);
      draft.touches.push_back(*source.slot);
    }
    sources.push_back(std::move(source));
  }
  std::vector<std::optional<Slot>> targets;
  for (ValueId id : node.outputs) {
    std::optional<Slot> target;
    if (id != kNoValue)
      target = planner.in_memory(id) ? planner.new_dense(id) : planner.new_tensor(id);
    if (target) draft.touches.push_back(*target);
    targets.push_back(target);
  }
  draft.step = std::make_unique<EvaluateStep>(node, std::move(sources), std::move(targets));
  planner.add(std::move(draft));
}

}  // namespace shrike
