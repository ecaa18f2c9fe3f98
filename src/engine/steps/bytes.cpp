#include "kernels/quantize/bytes.h"

#include <algorithm>
#include <array>

#include "engine/steps/ask.h"
#include "engine/steps/families_list.h"
#include "engine/steps/rows_step.h"
#include "kernels/quantize/words.h"

namespace shrike {

namespace {

using Table = std::array<uint8_t, 256>;
using LookupStep = RowsStep<uint8_t, uint8_t, Table, kernels::LookupKernel>;

// T, Sum: uint8_t and ByteSum, or int16_t and WordSum.
template <typename T, typename Sum, typename Kernel>
class SumStep : public Step {
 public:
  SumStep(const Sum& sum, const Kernel& kernel, Slot a, Slot b, Slot output)
      : sum_(sum),
        kernel_(kernel),
        a_(a),
        b_(b),
        output_(output),
        rows_(*rows_of(std::array{a.view, b.view, output.view}, kAnyBlocks, Repeats::kNot)) {}

  Result<void> run(RunContext& context) const override {
    for (const std::vector<int64_t>& block : rows_.blocks) {
      const auto row = [&](const Slot& slot, size_t i) {
        return kernels::BasicRowsView<T>{context.elements<T>(slot) + block[i], rows_.rows,
                                         rows_.length, rows_.strides[i]};
      };
      kernel_.run(sum_, row(a_, 0), row(b_, 1), row(output_, 2), context.pool());
    }
    return {};
  }

 private:
  Sum sum_;
  const Kernel& kernel_;
  Slot a_, b_, output_;
  Rows rows_;
};

template <typename T, typename Sum, typename Kernel>
void emit_sum(Planner& planner, const Node& node, std::span<const Kernel> table) {
  const QAdd& op = std::get<QAdd>(node.op);
  const Sum sum{static_cast<int>(op.a_zero), static_cast<int>(op.b_zero),
                static_cast<int>(op.y_zero), op.a_scale / op.y_scale, op.b_scale / op.y_scale};
  const auto choice = kernels::select_kernel(table, sum);
  const bool map = planner.lies_as_map(node.inputs[0]) || planner.lies_as_map(node.inputs[1]);
  const auto placed = [&](ValueId id) { return map ? planner.as_map(id) : planner.as_dense(id); };
  const Slot a = placed(node.inputs[0]), b = placed(node.inputs[1]);
  const Slot output = map ? planner.new_map(node.outputs[0]) : planner.new_dense(node.outputs[0]);
  StepDraft draft = planner.draft(node, choice.kernel->name);
  note_declined(draft.info, choice);
  draft.touches = {a, b, output};
  draft.step = std::make_unique<SumStep<T, Sum, Kernel>>(sum, *choice.kernel, a, b, output);
  planner.add(std::move(draft));
}

}  // namespace

const char* lookup_refuse(Planner& planner, const Node& node) {
  if (!planner.in_memory(node.inputs[0])) return "it has no input in memory";
  return planner.graph().constant(node.inputs[1]) ? nullptr : "its table is computed";
}

void lookup_emit(Planner& planner, const Node& node) {
  const Tensor& table = *planner.graph().constant(node.inputs[1]);
  const auto choice = kernels::select_kernel(kernels::lookup_kernels(),
                                             kernels::ByteTable(table.data<uint8_t>().data(), 256));
  const bool map = planner.lies_as_map(node.inputs[0]);
  const Slot input = map ? planner.slot(node.inputs[0]) : planner.as_dense(node.inputs[0]);
  const Slot output = map ? planner.new_map(node.outputs[0]) : planner.new_dense(node.outputs[0]);
  StepDraft draft = planner.draft(node, choice.kernel->name);
  note_declined(draft.info, choice);
  draft.touches = {input, output};
  Table bytes{};
  std::copy_n(table.data<uint8_t>().begin(), bytes.size(), bytes.begin());
  draft.step = std::make_unique<LookupStep>(bytes, *choice.kernel, input, output);
  planner.add(std::move(draft));
}

const char* integer_sum_refuse(Planner& planner, const Node& node) {
  for (const ValueId id : node.inputs)
    if (!planner.in_memory(id) || planner.graph().constant(id)) return "an input is not in memory";
  return nullptr;
}

void integer_sum_emit(Planner& planner, const Node& node) {
  if (planner.graph().value(node.inputs[0]).dtype == DType::kU8) {
    emit_sum<uint8_t, kernels::ByteSum>(planner, node, kernels::byte_sum_kernels());
  } else {
    emit_sum<int16_t, kernels::WordSum>(planner, node, kernels::word_sum_kernels());
  }
}

}  // namespace shrike
