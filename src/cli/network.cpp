#include "cli/network.h"

#include "base/excerpt.h"
#include "detect/input_size.h"
#include "formats/names_literal.h"
#include "ir/infer.h"
#include "ir/network_cost.h"
#include "passes/lift_head.h"
#include "passes/passes.h"
#include "passes/pipeline.h"
#include "passes/resize_input.h"

namespace shrike {

namespace {

bool is_fixed_at(const Graph& graph, const std::array<int, 2>& size) {
  const std::optional<ValueId> input = picture_input(graph);
  if (!input) return true;
  const Shape& shape = *graph.value(*input).shape;
  const auto fits = [](int64_t extent, int side) { return extent == kDynamic || extent == side; };
  return fits(shape[2], size[0]) && fits(shape[3], size[1]);
}

// Ready for lift_head: the size fixed, f32, constants folded.
Result<void> prepare_to_lift(Graph& graph) {
  SHRIKE_TRY(widen_f16(graph));
  return run_passes(graph, cleanup_passes());
}

// From the size it was saved at to another: what the decode has baked in goes with the lift.
Result<void> change_size(Graph& graph, const std::array<int, 2>& size) {
  const std::array<int, 2> own = default_size(graph);
  SHRIKE_ASSIGN(const std::vector<Shape> shapes, input_shapes(graph, own[0], own[1]));
  SHRIKE_TRY(bind_inputs(graph, shapes));
  SHRIKE_TRY(prepare_to_lift(graph));
  const Result<LiftedHead> lifted = lift_head(graph);
  if (!lifted) return in_context("its head was not recognised", lifted.error());
  if (lifted->own_nms)
    return model_error(
        "the file's own NMS is in its graph and cannot be written for another size (export the "
        "model without it, nms=False; detect replaces it and takes any size)");
  return resize_input(graph, size[0], size[1]);
}

std::string listed(const auto& values) {
  std::string text;
  for (const auto& value : values) text += " " + std::to_string(value);
  return text;
}

std::string describe(const Head& head) {
  std::string text = std::string(enum_name(head.kind)) + ", strides" + listed(head.strides) + ", " +
                     std::to_string(head.num_classes) + " classes";
  if (head.kind == HeadKind::kAnchorFree) text += ", reg_max " + std::to_string(head.reg_max);
  if (head.max_det > 0) text += ", end to end, " + std::to_string(head.max_det) + " rows";
  if (!head.anchors.empty()) text += ", " + std::to_string(head.num_anchors()) + " anchors a cell";
  return text;
}

}  // namespace

Result<Graph> at_size(Graph graph, const std::optional<std::array<int, 2>>& size,
                      const std::string& source) {
  if (const std::optional<ValueId> input = picture_input(graph)) {
    const Value& value = graph.value(*input);
    if (value.shape->element_count() == 0)
      return model_error(source + ": the input " + in_quotes(value.name) + " of shape " +
                         to_string(*value.shape) + " has no elements");
  }
  const std::array<int, 2> wanted = size.value_or(default_size(graph));
  const std::string what =
      source + " at " + std::to_string(wanted[0]) + "x" + std::to_string(wanted[1]);
  const auto fail = [&](const Error& error) { return in_context(what, error); };
  if (size)
    if (Result<void> checked = check_size(graph, wanted); !checked) return fail(checked.error());
  if (!is_fixed_at(graph, wanted))
    if (Result<void> changed = change_size(graph, wanted); !changed) return fail(changed.error());
  const Result<std::vector<Shape>> shapes = input_shapes(graph, wanted[0], wanted[1]);
  if (!shapes) return fail(shapes.error());
  if (Result<void> bound = bind_inputs(graph, *shapes); !bound) return fail(bound.error());
  if (graph.metadata.contains("imgsz") && size)
    graph.metadata["imgsz"] = write_image_size({wanted[0], wanted[1]});
  return graph;
}

std::string fixed_size_note(const Graph& graph, const std::string& source) {
  const std::optional<ValueId> input = picture_input(graph);
  if (!input) return {};
  const Shape& shape = *graph.value(*input).shape;
  if (shape[2] != kDynamic && shape[3] != kDynamic) return {};
  const std::array<int, 2> size = default_size(graph);
  return printable(source) + " leaves the size of its pictures open: what is written is for " +
         std::to_string(size[0]) + "x" + std::to_string(size[1]) +
         " alone (--imgsz chooses others)";
}

NetworkSize size_of(const Graph& graph) {
  Graph copy = graph;
  if (!find_head(copy)) {
    const bool lifts = prepare_to_lift(copy) && lift_head(copy);
    if (!lifts) copy = graph;
  }
  return {multiply_adds(copy), parameter_count(copy)};
}

Result<std::string> describe_head(const Graph& graph) {
  if (const Node* head = find_head(graph)) return describe(std::get<Head>(head->op));
  Graph copy = graph;
  SHRIKE_TRY(prepare_to_lift(copy));
  SHRIKE_ASSIGN(const LiftedHead lifted, lift_head(copy));
  return describe(std::get<Head>(find_head(copy)->op)) +
         (lifted.own_nms ? ", with the file's own NMS behind it" : "");
}

}  // namespace shrike
