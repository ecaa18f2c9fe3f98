#include "passes/resize_input.h"

#include <algorithm>
#include <iterator>

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
    if (before == after) {
      const bool same = std::equal(from.begin() + g.from_begin, from.begin() + g.from_end,
                                   now.begin() + g.from_begin);
      if (!same && g.to_end - g.to_begin > 1) return false;
      dims.insert(dims.end(), to.begin() + g.to_begin, to.begin() + g.to_end);
      return true;
    }
    // Extents of 1 hold no picture; the others share what changed.
    std::vector<int64_t> wide;
    std::copy_if(to.begin() + g.to_begin, to.begin() + g.to_end, std::back_inserter(wide),
                 [](int64_t extent) { return extent != 1; });
    if (!rescale(wide, before, after)) return false;
    auto next = wide.begin();
    for (int a = g.to_begin; a < g.to_end; ++a) dims.push_back(to[a] == 1 ? 1 : *next++);
    return true;
  }

  // The old extents of a group of `before` elements become those of one of `after`.
  bool rescale(std::vector<int64_t>& extents, int64_t before, int64_t after) const {
    if (extents.size() == 1) {
      extents[0] = after;
      return true;
    }
    if (extents.size() == 2 && is_map(extents[0], extents[1], after)) {
      const int64_t stride = old_h_ / extents[0];
      extents = {h_ / stride, w_ / stride};
      return true;
    }
    // Attention over areas: (1, 400, C) -> (4, 100, C). The number of areas and of channels is the
    // model's; the longest axis is the picture's.
    const auto largest = std::max_element(extents.begin(), extents.end());
    if (largest == extents.end() || (*largest * after) % before != 0 ||
        std::count(extents.begin(), extents.end(), *largest) != 1)
      return false;
    *largest = *largest * after / before;
    return true;
  }

  // Whether (a, b) is the extent of a map of the old picture whose new extent has `after` cells.
  bool is_map(int64_t a, int64_t b, int64_t after) const {
    if (old_h_ % a != 0 || old_w_ % b != 0 || old_h_ / a != old_w_ / b) return false;
    const int64_t stride = old_h_ / a;
    return h_ % stride == 0 && w_ % stride == 0 && (h_ / stride) * (w_ / stride) == after;
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
