#include "passes/resize_input.h"

#include <algorithm>

#include "ir/infer.h"
#include "passes/lift_head.h"

namespace shrike {

namespace {

// A run of axes of a reshape's input and one of its output with the same number of elements.
struct AxisGroup {
  int from_begin, from_end, to_begin, to_end;
};

// The finest pairing of axes: (1,128,20,20) -> (1,2,64,400) gives {1}{1}, {128}{2,64},
// {20,20}{400}.
std::vector<AxisGroup> pair_axes(const Shape& from, const Shape& to) {
  std::vector<AxisGroup> groups;
  int i = 0, j = 0;
  while (i < from.rank() || j < to.rank()) {
    AxisGroup group{i, i, j, j};
    int64_t a = 1, b = 1;
    if (i < from.rank()) a = from[i++];
    if (j < to.rank()) b = to[j++];
    while (a != b && (i < from.rank() || j < to.rank())) {
      if (a < b && i < from.rank()) {
        a *= from[i++];
      } else if (j < to.rank()) {
        b *= to[j++];
      } else {
        a *= from[i++];
      }
    }
    group.from_end = i;
    group.to_end = j;
    groups.push_back(group);
  }
  return groups;
}

class Resizer {
 public:
  Resizer(Graph& graph, const Shape& old_picture, int64_t height, int64_t width)
      : graph_(graph), old_h_(old_picture[2]), old_w_(old_picture[3]), h_(height), w_(width) {}

  Result<void> run() {
    std::vector<std::optional<Shape>> before;
    for (const Value& value : graph_.values) before.push_back(value.shape);
    Value& picture = graph_.value(graph_.inputs[0]);
    (*picture.shape)[2] = h_;
    (*picture.shape)[3] = w_;
    for (Node& node : graph_.nodes) {
      // Constants may have been added behind the old values.
      if (std::holds_alternative<Reshape>(node.op)) {
        SHRIKE_TRY(reshape(node, *before[index(node.inputs[0])], *before[index(node.outputs[0])]));
      } else if (std::holds_alternative<Resize>(node.op)) {
        SHRIKE_TRY(resize(node));
      }
      SHRIKE_TRY(infer_node(graph_, node));
    }
    remove_dead(graph_);
    return {};
  }

 private:
  static size_t index(ValueId id) { return static_cast<size_t>(id); }

  Error stuck(const Node& node, const std::string& why) const {
    return model_error("cannot run at another size: " + std::string(op_name(node.op)) + " node '" +
                       node.name + "' " + why);
  }

  // The new extents of `to`, a reshape of `from` before and of `now` after.
  Result<void> reshape(Node& node, const Shape& from, const Shape& to) {
    const Shape* now = graph_.static_shape(node.inputs[0]);
    if (!now) return stuck(node, "reads a shape that is not known");
    if (*now == from) return {};
    std::vector<int64_t> dims;
    for (const AxisGroup& group : pair_axes(from, to))
      if (!regroup(from, *now, to, group, dims))
        return stuck(node, "turns " + to_string(from) + " into " + to_string(to) +
                               ", and it does not show how that follows from the picture's size");
    node.inputs[1] =
        graph_.add_constant(node.name + "/shape",
                            Tensor::from<int64_t>(Shape{static_cast<int64_t>(dims.size())}, dims));
    return {};
  }

  bool regroup(const Shape& from, const Shape& now, const Shape& to, const AxisGroup& g,
               std::vector<int64_t>& dims) const {
    int64_t before = 1, after = 1;
    for (int a = g.from_begin; a < g.from_end; ++a) {
      before *= from[a];
      after *= now[a];
    }
    const int count = g.to_end - g.to_begin;
    if (before == after) {
      const bool same = std::equal(from.begin() + g.from_begin, from.begin() + g.from_end,
                                   now.begin() + g.from_begin);
      if (!same && count > 1) return false;
      for (int a = g.to_begin; a < g.to_end; ++a) dims.push_back(to[a]);
      return true;
    }
    if (count == 1) {
      dims.push_back(after);
      return true;
    }
    if (count == 2 && is_map(to[g.to_begin], to[g.to_begin + 1], after)) {
      const int64_t stride = old_h_ / to[g.to_begin];
      dims.push_back(h_ / stride);
      dims.push_back(w_ / stride);
      return true;
    }
    return scale_largest(to, g, before, after, dims);
  }

  // Whether (a, b) is the extent of a map of the old picture whose new extent has `after` cells.
  bool is_map(int64_t a, int64_t b, int64_t after) const {
    if (old_h_ % a != 0 || old_w_ % b != 0 || old_h_ / a != old_w_ / b) return false;
    const int64_t stride = old_h_ / a;
    return h_ % stride == 0 && w_ % stride == 0 && (h_ / stride) * (w_ / stride) == after;
  }

  // Attention over areas: (1, 400, C) -> (4, 100, C). The number of areas and of channels is the
  // model's; the longest axis is the picture's.
  static bool scale_largest(const Shape& to, const AxisGroup& g, int64_t before, int64_t after,
                            std::vector<int64_t>& dims) {
    const auto begin = to.begin() + g.to_begin, end = to.begin() + g.to_end;
    const auto largest = std::max_element(begin, end);
    if (std::count(begin, end, *largest) != 1 || (*largest * after) % before != 0) return false;
    for (auto it = begin; it != end; ++it)
      dims.push_back(it == largest ? *it * after / before : *it);
    return true;
  }

  // Fixed sizes become sizes of the new picture's map.
  Result<void> resize(Node& node) {
    const Tensor* sizes = node.inputs.size() > 2 ? graph_.constant(node.inputs[2]) : nullptr;
    if (!sizes) return {};
    std::vector<int64_t> dims(sizes->data<int64_t>().begin(), sizes->data<int64_t>().end());
    if (old_h_ % dims[2] != 0 || old_w_ % dims[3] != 0 || old_h_ / dims[2] != old_w_ / dims[3] ||
        h_ % (old_h_ / dims[2]) != 0 || w_ % (old_h_ / dims[2]) != 0)
      return stuck(node, "resizes to a fixed size that is no whole part of the picture's");
    const int64_t stride = old_h_ / dims[2];
    dims[2] = h_ / stride;
    dims[3] = w_ / stride;
    node.inputs[2] =
        graph_.add_constant(node.name + "/sizes", Tensor::from<int64_t>(Shape{4}, dims));
    return {};
  }

  Graph& graph_;
  int64_t old_h_, old_w_, h_, w_;
};

}  // namespace

Result<void> resize_input(Graph& graph, int64_t height, int64_t width) {
  const Node* head = find_head(graph);
  if (!head) return model_error("cannot run at another size: its head was not recognised");
  const Shape* picture = graph.inputs.size() == 1 ? graph.static_shape(graph.inputs[0]) : nullptr;
  if (!picture || picture->rank() != 4)
    return model_error("cannot run at another size: its input is no picture of a fixed size");
  if ((*picture)[2] == height && (*picture)[3] == width) return {};
  const std::vector<int64_t>& strides = std::get<Head>(head->op).strides;
  const int64_t stride = *std::max_element(strides.begin(), strides.end());
  if (height < stride || width < stride || height % stride != 0 || width % stride != 0)
    return usage_error("imgsz " + std::to_string(height) + "x" + std::to_string(width) +
                       " is not a multiple of the model's stride " + std::to_string(stride));
  Graph resized = graph;
  SHRIKE_TRY(Resizer(resized, *picture, height, width).run());
  resized.metadata["imgsz"] = "[" + std::to_string(height) + ", " + std::to_string(width) + "]";
  graph = std::move(resized);
  return {};
}

}  // namespace shrike
