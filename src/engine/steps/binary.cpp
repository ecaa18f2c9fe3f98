#include <array>

#include "engine/steps/ask.h"
#include "engine/steps/families_list.h"
#include "engine/steps/rows.h"
#include "kernels/elementwise/broadcast.h"
#include "kernels/elementwise/elementwise.h"

namespace shrike {

namespace {

using kernels::BinaryKernel;
using kernels::BinaryOp;

// Operands broadcast to the output's extents.
struct BinarySlots {
  Slot a, b, output;
};

std::optional<Rows> all_rows(const BinarySlots& slots, int64_t most_blocks) {
  return rows_of(std::array{slots.a.view, slots.b.view, slots.output.view}, most_blocks);
}

constexpr int64_t kMostBlocks = 64;

// Same shape, one row for all, one value a row, scalars: whatever rows can express.
class BinaryRowsStep : public Step {
 public:
  BinaryRowsStep(BinaryOp op, const BinaryKernel& kernel, const BinarySlots& slots, Rows rows)
      : op_(op), kernel_(kernel), slots_(slots), rows_(std::move(rows)) {}

  Result<void> run(RunContext& context) const override {
    const float* a = context.floats(slots_.a);
    const float* b = context.floats(slots_.b);
    float* out = context.floats(slots_.output);
    for (const std::vector<int64_t>& block : rows_.blocks)
      kernel_.run(op_, {a + block[0], rows_.strides[0], rows_.steps[0]},
                  {b + block[1], rows_.strides[1], rows_.steps[1]},
                  {out + block[2], rows_.rows, rows_.length, rows_.strides[2]}, context.pool());
    return {};
  }

 private:
  BinaryOp op_;
  const BinaryKernel& kernel_;
  BinarySlots slots_;
  Rows rows_;
};

class BinaryBroadcastStep : public Step {
 public:
  BinaryBroadcastStep(BinaryOp op, const BinarySlots& slots) : op_(op), slots_(slots) {}

  Result<void> run(RunContext& context) const override {
    kernels::binary_broadcast(op_, context.strided(slots_.a), context.strided(slots_.b),
                              context.strided(slots_.output), context.pool());
    return {};
  }

 private:
  BinaryOp op_;
  BinarySlots slots_;
};

std::optional<BinaryOp> operation_of(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::kAdd:
      return BinaryOp::kAdd;
    case BinaryKind::kSub:
      return BinaryOp::kSub;
    case BinaryKind::kMul:
      return BinaryOp::kMul;
    case BinaryKind::kDiv:
      return BinaryOp::kDiv;
    case BinaryKind::kMax:
      return BinaryOp::kMax;
    case BinaryKind::kMin:
      return BinaryOp::kMin;
    case BinaryKind::kPow:
      return BinaryOp::kPow;
    default:
      return std::nullopt;
  }
}

BinarySlots some_rows(const BinarySlots& slots, int64_t first, int64_t last) {
  return {some_rows(slots.a, first, last), some_rows(slots.b, first, last),
          some_rows(slots.output, first, last)};
}

// The operand as the output's layout wants it, seen at the output's extents. What only repeats
// along axes stays as it is where its channels, or its columns, are in reach of a row kernel.
Slot operand(Planner& planner, ValueId id, const Shape& y, bool map) {
  const bool whole = planner.shape(id) == y;
  Slot slot = planner.slot(id);
  if (map && planner.shape(id).rank() == 4) slot = planner.as_map(id);
  if (!map && whole) slot = planner.as_dense(id);
  slot.view = broadcast(slot.view, y);
  return slot;
}

// Channels innermost, so that the kernel's rows are pixels.
View pixels_last(const View& view) { return permuted(view, std::array{0, 2, 3, 1}); }

}  // namespace

const char* binary_refuse(Planner& planner, const Node& node) {
  if (const char* reason = refuse_unless_f32(planner, node, 2)) return reason;
  if (!operation_of(std::get<Binary>(node.op).kind)) return "no kernel has its operation";
  return nullptr;
}

void binary_emit(Planner& planner, const Node& node) {
  const BinaryOp op = *operation_of(std::get<Binary>(node.op).kind);
  const Shape& y = planner.shape(node.outputs[0]);
  const bool map =
      y.rank() == 4 && (planner.lies_as_map(node.inputs[0]) || planner.lies_as_map(node.inputs[1]));
  BinarySlots slots;
  slots.a = operand(planner, node.inputs[0], y, map);
  slots.b = operand(planner, node.inputs[1], y, map);
  slots.output = map ? planner.new_map(node.outputs[0]) : planner.new_dense(node.outputs[0]);

  const auto choice = kernels::select_kernel(kernels::binary_kernels(), op);
  std::optional<Rows> rows = all_rows(slots, kMostBlocks);
  StepDraft draft = planner.draft(node, rows ? choice.kernel->name : "broadcast");
  note_declined(draft.info, choice);
  draft.touches = {slots.a, slots.b, slots.output};
  if (rows) {
    // A power of few elements rounds in another way than of many.
    if (op != BinaryOp::kPow)
      draft.of_rows = [=, &kernel = *choice.kernel](int64_t first, int64_t last) {
        const BinarySlots own = some_rows(slots, first, last);
        return std::make_unique<BinaryRowsStep>(op, kernel, own, *all_rows(own, kAnyBlocks));
      };
    draft.step = std::make_unique<BinaryRowsStep>(op, *choice.kernel, slots, std::move(*rows));
  } else {
    draft.info.declined.push_back({"rows", "its operands take too many blocks of rows"});
    if (map)
      for (Slot* slot : {&slots.a, &slots.b, &slots.output}) slot->view = pixels_last(slot->view);
    draft.step = std::make_unique<BinaryBroadcastStep>(op, slots);
  }
  planner.add(std::move(draft));
}

}  // namespace shrike
