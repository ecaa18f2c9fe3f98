#include "passes/resize_input.h"

#include <algorithm>

#include "ir/infer.h"
#include "passes/lift_head.h"
#include "passes/resize_rules.h"

namespace shrike {

namespace {

std::string text(const PictureSize& size) { return to_string(Shape{size.height, size.width}); }

// Every map of the head has a cell for each stride of the picture.
Result<void> check_maps(const Graph& graph, const PictureSize& size) {
  const Node& node = *find_head(graph);
  const Head& head = std::get<Head>(node.op);
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const int64_t stride = head.strides[i / head.maps_per_scale()];
    const Shape* map = graph.static_shape(node.inputs[i]);
    const PictureSize wanted{size.height / stride, size.width / stride};
    if (!map || (*map)[2] != wanted.height || (*map)[3] != wanted.width)
      return cannot_resize(node, "gets map " + std::to_string(i) + " as " +
                                     (map ? to_string(*map) : "?") + " at " + text(size) +
                                     ", not of " + text(wanted) + " cells");
  }
  return {};
}

// Shapes of node `n` at every size; its constants were rewritten.
Result<void> infer_at_sizes(GraphAtSizes& at, size_t n) {
  const Node& saved = at.saved.nodes[n];
  for (size_t k = 0; k < at.graphs.size(); ++k) {
    Graph& graph = at.graphs[k];
    if (const Result<void> inferred = infer_node(graph, graph.nodes[n]); !inferred)
      return in_context(
          "cannot run at another size: at " + text(at.sizes[k]) + ", which its strides allow",
          inferred.error());
    for (ValueId id : saved.outputs) {
      const Shape* before = id == kNoValue ? nullptr : at.saved.static_shape(id);
      if (!before) continue;
      const Shape* now = graph.static_shape(id);
      if (!now || now->rank() != before->rank())
        return cannot_resize(saved, "loses its number of axes at " + text(at.sizes[k]));
    }
  }
  return {};
}

// The graph at the first of `sizes`, having been the same network at all of them.
Result<Graph> at_first(const Graph& saved, const PictureSize& saved_size,
                       const std::vector<PictureSize>& sizes) {
  SHRIKE_TRY(check_maps(saved, saved_size));
  GraphAtSizes at{saved, saved_size, sizes, std::vector<Graph>(sizes.size(), saved)};
  for (size_t k = 0; k < sizes.size(); ++k) {
    Shape& picture = *at.graphs[k].value(saved.inputs[0]).shape;
    picture[2] = sizes[k].height;
    picture[3] = sizes[k].width;
  }
  for (size_t n = 0; n < saved.nodes.size(); ++n) {
    SHRIKE_TRY(follow_size(at, n));
    SHRIKE_TRY(infer_at_sizes(at, n));
  }
  for (size_t k = 0; k < sizes.size(); ++k) SHRIKE_TRY(check_maps(at.graphs[k], sizes[k]));
  remove_dead(at.graphs[0]);
  return std::move(at.graphs[0]);
}

}  // namespace

Result<void> resize_input(Graph& graph, int64_t height, int64_t width) {
  const Node* head = find_head(graph);
  if (!head) return model_error("cannot run at another size: its head was not recognised");
  const Shape* picture = graph.inputs.size() == 1 ? graph.static_shape(graph.inputs[0]) : nullptr;
  if (!picture || picture->rank() != 4)
    return model_error("cannot run at another size: its input is no picture of a fixed size");
  const PictureSize saved{(*picture)[2], (*picture)[3]}, wanted{height, width};
  if (saved.height == height && saved.width == width) return {};
  const std::vector<int64_t>& strides = std::get<Head>(head->op).strides;
  const int64_t stride = *std::max_element(strides.begin(), strides.end());
  if (height < stride || width < stride || height % stride != 0 || width % stride != 0)
    return usage_error("imgsz " + text(wanted) + " is not a multiple of the model's stride " +
                       std::to_string(stride));
  const std::vector<PictureSize> sizes = {
      wanted, {11 * stride, 13 * stride}, {17 * stride, 19 * stride}};
  SHRIKE_ASSIGN(Graph resized, at_first(graph, saved, sizes));
  resized.metadata["imgsz"] = "[" + std::to_string(height) + ", " + std::to_string(width) + "]";
  graph = std::move(resized);
  return {};
}

}  // namespace shrike
