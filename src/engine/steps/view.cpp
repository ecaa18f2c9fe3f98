#include "engine/view.h"

#include <algorithm>

#include "engine/steps/ask.h"
#include "engine/steps/families_list.h"

namespace shrike {

namespace {

// The bounds of one axis of a Slice, clamped as ONNX says; a step of 1 or more.
struct AxisRange {
  int axis;
  int64_t start, step;
};

std::optional<std::vector<AxisRange>> ranges_of(const Planner& planner, const Node& node) {
  const auto starts = ints_of(planner, node, 1), ends = ints_of(planner, node, 2);
  const auto axes = ints_of(planner, node, 3), steps = ints_of(planner, node, 4);
  if (!starts || !ends || (has_input(node, 3) && !axes) || (has_input(node, 4) && !steps))
    return std::nullopt;
  const Shape& x = planner.shape(node.inputs[0]);
  std::vector<AxisRange> ranges;
  for (size_t i = 0; i < starts->size(); ++i) {
    const int axis = *normalize_axis(axes ? (*axes)[i] : static_cast<int64_t>(i), x.rank());
    const int64_t start = (*starts)[i] < 0 ? (*starts)[i] + x[axis] : (*starts)[i];
    const int64_t step = steps ? (*steps)[i] : 1;
    if (step < 1) return std::nullopt;
    ranges.push_back({axis, std::clamp<int64_t>(start, 0, x[axis]), step});
  }
  return ranges;
}

View transposed(const View& view, const Transpose& op) {
  std::vector<int> axes;
  for (int d = 0; d < view.rank; ++d)
    axes.push_back(op.perm.empty() ? view.rank - 1 - d
                                   : *normalize_axis(op.perm[static_cast<size_t>(d)], view.rank));
  return permuted(view, axes);
}

View slice_view(const Planner& planner, const Node& node, View view) {
  const Shape& y = planner.shape(node.outputs[0]);
  const std::vector<AxisRange> ranges = *ranges_of(planner, node);
  for (const AxisRange& range : ranges)
    view = sliced(view, range.axis, range.start, y[range.axis], range.step);
  return view;
}

// One view after the other along the axis.
void split(Planner& planner, const Node& node) {
  const Slot whole = planner.slot(node.inputs[0]);
  const int axis = *normalize_axis(std::get<Split>(node.op).axis, whole.view.rank);
  int64_t start = 0;
  for (ValueId id : node.outputs) {
    if (id == kNoValue) continue;
    Slot part = whole;
    part.view = sliced(whole.view, axis, start, planner.shape(id)[axis]);
    start += planner.shape(id)[axis];
    planner.define(id, part);
  }
}

// Any operator that keeps the row-major order: a view where strides allow, else of a dense copy.
Slot reshape(Planner& planner, const Node& node) {
  const Shape& y = planner.shape(node.outputs[0]);
  Slot slot = planner.slot(node.inputs[0]);
  std::optional<View> view = reshaped(slot.view, y);
  if (!view) {
    slot = planner.as_dense(node.inputs[0]);
    view = reshaped(slot.view, y);
  }
  slot.view = *view;
  return slot;
}

}  // namespace

const char* view_refuse(Planner& planner, const Node& node) {
  if (!has_input(node, 0) || !planner.in_memory(node.inputs[0])) return "it has no input to view";
  if (const auto* unary = std::get_if<Unary>(&node.op))
    return unary->kind == UnaryKind::kIdentity ? nullptr : "it computes";
  if (const auto* cast = std::get_if<Cast>(&node.op))
    return cast->to == planner.graph().value(node.inputs[0]).dtype ? nullptr : "it converts";
  const bool is_split = std::holds_alternative<Split>(node.op);
  if (std::count(node.outputs.begin(), node.outputs.end(), kNoValue) > 0 ||
      (!is_split && node.outputs.size() != 1))
    return "an output is not wanted";
  if (std::holds_alternative<Slice>(node.op) && !ranges_of(planner, node))
    return "its bounds are computed or it steps backwards";
  return nullptr;
}

void view_emit(Planner& planner, const Node& node) {
  if (std::holds_alternative<Split>(node.op)) {
    split(planner, node);
  } else {
    Slot slot = planner.slot(node.inputs[0]);
    if (const auto* transpose = std::get_if<Transpose>(&node.op)) {
      slot.view = transposed(slot.view, *transpose);
    } else if (std::holds_alternative<Slice>(node.op)) {
      slot.view = slice_view(planner, node, slot.view);
    } else if (std::holds_alternative<Expand>(node.op)) {
      slot.view = broadcast(slot.view, planner.shape(node.outputs[0]));
    } else {
      slot = reshape(planner, node);
    }
    planner.define(node.outputs[0], slot);
  }
  planner.add(planner.draft(node, "view"));
}

}  // namespace shrike
