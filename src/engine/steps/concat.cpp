#include <algorithm>

#include "engine/steps/copy.h"
#include "engine/steps/families_list.h"
#include "engine/steps/join.h"

namespace shrike {

namespace {

// Whether nodes of one kind are all that reads a value, as their first input.
template <typename Kind>
bool feeds_only(const Graph& graph, ValueId id) {
  if (std::find(graph.outputs.begin(), graph.outputs.end(), id) != graph.outputs.end())
    return false;
  bool any = false;
  for (const Node& node : graph.nodes)
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] != id) continue;
      if (i != 0 || !std::holds_alternative<Kind>(node.op)) return false;
      any = true;
    }
  return any;
}

// Maps, what convolutions read, and rows of maps that a Transpose will call (N, L, C), as YOLOX's
// outputs are.
Layout layout_of(Planner& planner, const Node& node, int axis) {
  const ValueId output = node.outputs[0];
  if (const std::optional<Layout> known = planner.concat_layout(output)) return *known;
  const auto of_all = [&](const auto& is) {
    return std::all_of(node.inputs.begin(), node.inputs.end(), is);
  };
  if (!of_all([&](ValueId id) { return !planner.lies_as_map(id); })) return Layout::kMap;
  if (planner.graph().value(output).dtype != DType::kF32) return Layout::kDense;
  const int rank = planner.shape(output).rank();
  const auto in_pixels = [&](ValueId id) { return planner.slot(id).view.stride(1) == 1; };
  const bool for_maps = rank == 4 && axis == 1 && feeds_only<Conv>(planner.graph(), output);
  const bool for_rows =
      rank == 3 && axis == 2 && feeds_only<Transpose>(planner.graph(), output) && of_all(in_pixels);
  return for_maps || for_rows ? Layout::kMap : Layout::kDense;
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
      planner.new_concat(node.outputs[0], layout_of(planner, node, axis), node.inputs, axis);
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
    const bool join = axis == 1 && worth_joining(copies);
    draft.info.kernel =
        "copy " + std::to_string(copies.size()) + " of " + std::to_string(node.inputs.size());
    if (!join && axis != y.rank() - 2)
      draft.of_rows = [copies](int64_t first, int64_t last) {
        std::vector<SlotCopy> own;
        for (const SlotCopy& copy : copies)
          own.push_back({some_rows(copy.from, first, last), some_rows(copy.to, first, last)});
        return make_copy_step(std::move(own));
      };
    draft.step = join ? make_join_step(std::move(copies)) : make_copy_step(std::move(copies));
  }
  planner.add(std::move(draft));
}

}  // namespace shrike
