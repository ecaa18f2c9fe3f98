#include <algorithm>

#include "engine/steps/copy.h"
#include "engine/steps/families_list.h"

namespace shrike {

namespace {

Layout layout_of(Planner& planner, const Node& node) {
  if (const std::optional<Layout> known = planner.concat_layout(node.outputs[0])) return *known;
  const bool any_map = std::any_of(node.inputs.begin(), node.inputs.end(),
                                   [&](ValueId id) { return planner.lies_as_map(id); });
  return any_map ? Layout::kMap : Layout::kDense;
}

}  // namespace

const char* concat_refuse(Planner& planner, const Node& node) {
  for (ValueId id : node.inputs)
    if (id == kNoValue || !planner.in_memory(id)) return "an input is empty";
  return nullptr;
}

void concat_emit(Planner& planner, const Node& node) {
  const Shape& y = planner.shape(node.outputs[0]);
  const int axis = *normalize_axis(std::get<Concat>(node.op).axis, y.rank());
  const Slot whole =
      planner.new_concat(node.outputs[0], layout_of(planner, node), node.inputs, axis);
  std::vector<SlotCopy> copies;
  StepDraft draft = planner.draft(node, "in_place");
  draft.touches = {whole};
  int64_t start = 0;
  for (ValueId id : node.inputs) {
    const Slot input = planner.slot(id);
    const int64_t extent = planner.shape(id)[axis];
    const Slot part = concat_part(whole, axis, start, extent);
    start += extent;
    draft.touches.push_back(input);
    if (!same_place(input, part)) copies.push_back({input, part});
  }
  if (!copies.empty()) {
    draft.info.kernel =
        "copy " + std::to_string(copies.size()) + " of " + std::to_string(node.inputs.size());
    draft.step = make_copy_step(std::move(copies));
  }
  planner.add(std::move(draft));
}

}  // namespace shrike
