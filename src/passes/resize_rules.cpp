#include "passes/resize_rules.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "ir/describe.h"

namespace shrike {

namespace {

std::optional<std::vector<int64_t>> int_constant(const Graph& graph, const Node& node, size_t i) {
  const Tensor* tensor = i < node.inputs.size() ? graph.constant(node.inputs[i]) : nullptr;
  if (tensor && tensor->dtype() == DType::kI64) {
    const std::span<const int64_t> data = tensor->data<int64_t>();
    return std::vector<int64_t>(data.begin(), data.end());
  }
  if (tensor && tensor->dtype() == DType::kI32) {
    const std::span<const int32_t> data = tensor->data<int32_t>();
    return std::vector<int64_t>(data.begin(), data.end());
  }
  return std::nullopt;
}

// One node in all the graphs, and the extents of its first input.
class NodeAtSizes {
 public:
  NodeAtSizes(GraphAtSizes& at, size_t n) : at_(at), node_(at.saved.nodes[n]), n_(n) {
    const ValueId x = node_.inputs.empty() ? kNoValue : node_.inputs[0];
    if (x == kNoValue) return;
    saved_ = at.saved.static_shape(x);
    // Copies: constants that are added move the values.
    for (const Graph& graph : at.graphs) {
      const Shape* shape = graph.static_shape(x);
      now_.push_back(shape ? std::optional(*shape) : std::nullopt);
    }
  }

  Result<void> follow() {
    if (std::holds_alternative<Reshape>(node_.op)) return reshape();
    if (std::holds_alternative<Resize>(node_.op)) return resize();
    if (std::holds_alternative<Slice>(node_.op)) return slice();
    if (std::holds_alternative<Expand>(node_.op)) return expand();
    if (std::holds_alternative<Tile>(node_.op)) return tile();
    if (std::holds_alternative<Pad>(node_.op)) return pad();
    if (const auto* max = std::get_if<MaxPool>(&node_.op)) return pool(max->kernel_shape);
    if (const auto* mean = std::get_if<AveragePool>(&node_.op)) return pool(mean->kernel_shape);
    return select();
  }

 private:
  bool known() const {
    return saved_ &&
           std::none_of(now_.begin(), now_.end(), [](const auto& shape) { return !shape; });
  }
  bool follows(int axis) const {
    return std::any_of(now_.begin(), now_.end(),
                       [&](const auto& shape) { return (*shape)[axis] != (*saved_)[axis]; });
  }
  bool any_follows() const {
    for (int axis = 0; axis < saved_->rank(); ++axis)
      if (follows(axis)) return true;
    return false;
  }

  Error stuck(const std::string& why) const { return cannot_resize(node_, why); }
  Error unknown_shape() const { return stuck("reads a shape that is not known"); }
  Error computed() const { return stuck("takes computed extents"); }

  // Constants of the type that the input has; one past INT32_MAX is as far as that type reaches.
  void set_input(size_t k, size_t i, const std::vector<int64_t>& values) {
    const Shape shape{static_cast<int64_t>(values.size())};
    Node& node = at_.graphs[k].nodes[n_];
    Tensor tensor = Tensor::from<int64_t>(shape, values);
    if (at_.saved.constant(node.inputs[i])->dtype() == DType::kI32) {
      std::vector<int32_t> narrow;
      for (int64_t v : values)
        narrow.push_back(
            static_cast<int32_t>(std::min<int64_t>(v, std::numeric_limits<int32_t>::max())));
      tensor = Tensor::from<int32_t>(shape, narrow);
    }
    node.inputs[i] =
        at_.graphs[k].add_constant(at_.saved.value(node.inputs[i]).name, std::move(tensor));
  }

  // A window as large as the saved map is meant to be as large as any map: nothing here says so to
  // the others.
  Result<void> pool(const std::vector<int64_t>& kernel) {
    const Shape* to = at_.saved.static_shape(node_.outputs[0]);
    if (!known() || !to) return unknown_shape();
    for (int axis = 2; axis < saved_->rank(); ++axis)
      if (follows(axis) && (*to)[axis] == 1 && (*saved_)[axis] > 1 &&
          kernel[static_cast<size_t>(axis) - 2] >= (*saved_)[axis])
        return stuck("pools over the whole map of the saved size");
    return {};
  }

  Result<void> reshape() {
    const Shape* to = at_.saved.static_shape(node_.outputs[0]);
    if (!known() || !to) return unknown_shape();
    if (!any_follows()) return {};
    if (!int_constant(at_.saved, node_, 1)) return computed();
    ReshapeAtSizes reading{*saved_, *to, at_.saved_size, at_.sizes, {}};
    for (const auto& shape : now_) reading.from_at.push_back(*shape);
    const Result<std::vector<Shape>> shapes = follow_reshape(reading);
    if (!shapes) return stuck(shapes.error().message);
    for (size_t k = 0; k < now_.size(); ++k) set_input(k, 1, (*shapes)[k].dims());
    return {};
  }

  // Fixed sizes are a factor of the input's: 20x20 -> 40x40 doubles at every size.
  Result<void> resize() {
    if (node_.inputs.size() < 3 || node_.inputs[2] == kNoValue) return {};
    const auto sizes = int_constant(at_.saved, node_, 2);
    if (!sizes) return computed();
    if (!known()) return unknown_shape();
    for (size_t k = 0; k < now_.size(); ++k) {
      std::vector<int64_t> now = *sizes;
      for (int axis = 2; axis < 4; ++axis) {
        int64_t& size = now[static_cast<size_t>(axis)];
        const int64_t before = (*saved_)[axis];
        const std::optional<int64_t> scaled = checked_mul(size, (*now_[k])[axis]);
        const bool whole = before > 0 && scaled && *scaled % before == 0;
        if (!whole || (!follows(axis) && size != before))
          return stuck("resizes " + to_string(*saved_) + " to a fixed size of " +
                       to_string(Shape(*sizes)) + ", which is no factor of it");
        size = *scaled / before;
      }
      set_input(k, 2, now);
    }
    return {};
  }

  // Over an axis that follows the picture only all of it, or every n-th element (YOLOX's and v5's
  // Focus); any other bound may be a share of the saved extent.
  Result<void> slice() {
    if (!known()) return unknown_shape();
    if (!any_follows()) return {};
    const auto starts = int_constant(at_.saved, node_, 1), axes = int_constant(at_.saved, node_, 3),
               steps = int_constant(at_.saved, node_, 4);
    auto ends = int_constant(at_.saved, node_, 2);
    const auto is_computed = [&](size_t i, bool constant) {
      return !constant && i < node_.inputs.size() && node_.inputs[i] != kNoValue;
    };
    if (!starts || !ends || is_computed(3, axes.has_value()) || is_computed(4, steps.has_value()))
      return computed();
    for (size_t i = 0; i < starts->size(); ++i) {
      const int64_t given = axes ? (*axes)[i] : static_cast<int64_t>(i);
      const int axis = normalize_axis(given, saved_->rank()).value_or(0);
      if (!follows(axis)) continue;
      const int64_t start = (*starts)[i], step = steps ? (*steps)[i] : 1;
      if (start < 0 || start >= step || (*ends)[i] < (*saved_)[axis])
        return stuck("takes a fixed part of axis " + std::to_string(axis) +
                     ", whose extent follows from the picture's size");
      (*ends)[i] = INT64_MAX;
    }
    for (size_t k = 0; k < now_.size(); ++k) set_input(k, 2, *ends);
    return {};
  }

  // An extent that the input already has is written as 1, which expands to whatever it has.
  Result<void> expand() {
    auto extents = int_constant(at_.saved, node_, 1);
    if (!extents) return computed();
    if (!known()) return unknown_shape();
    const int lead = static_cast<int>(extents->size()) - saved_->rank();
    for (size_t i = 0; i < extents->size(); ++i) {
      const int axis = static_cast<int>(i) - lead;
      int64_t& extent = (*extents)[i];
      const int64_t own = axis < 0 ? 1 : (*saved_)[axis];
      if (extent != 1 && extent != own)
        return stuck("repeats an axis " + std::to_string(extent) +
                     " times, which may be the picture's size");
      extent = 1;
    }
    for (size_t k = 0; k < now_.size(); ++k) set_input(k, 1, *extents);
    return {};
  }

  Result<void> tile() {
    const auto repeats = int_constant(at_.saved, node_, 1);
    if (!repeats) return computed();
    if (!known()) return unknown_shape();
    for (int axis = 0; axis < saved_->rank(); ++axis)
      if ((*repeats)[static_cast<size_t>(axis)] != 1 && (follows(axis) || (*saved_)[axis] == 1))
        return stuck("repeats axis " + std::to_string(axis) +
                     " a fixed number of times, which may be the picture's size");
    return {};
  }

  // A border belongs to the layer behind it and stays (yolov3-tiny's last pooling). One that rounds
  // the saved picture up to something leaves the head's maps with other extents than they should
  // have, and is found there. What crops is refused as Slice is.
  Result<void> pad() {
    if (!known()) return unknown_shape();
    if (!any_follows()) return {};
    const auto pads = int_constant(at_.saved, node_, 1);
    if (!pads) return computed();
    for (size_t i = 0; i < pads->size(); ++i)
      if ((*pads)[i] < 0 && follows(static_cast<int>(i) % saved_->rank()))
        return stuck("crops an axis whose extent follows from the picture's size");
    return {};
  }

  // Operators that take elements of an axis by position or by count.
  Result<void> select() {
    std::optional<int64_t> along;  // the axis, where it is one
    bool by_position = true;
    if (const auto* split = std::get_if<Split>(&node_.op)) {
      along = split->axis;
    } else if (const auto* top = std::get_if<TopK>(&node_.op)) {
      along = top->axis;
    } else if (const auto* gather = std::get_if<Gather>(&node_.op)) {
      along = gather->axis;
    } else {
      by_position = std::holds_alternative<GatherElements>(node_.op) ||
                    std::holds_alternative<GatherND>(node_.op) ||
                    std::holds_alternative<ScatterND>(node_.op) ||
                    std::holds_alternative<ScatterElements>(node_.op);
    }
    if (!by_position) return {};
    if (!known()) return unknown_shape();
    const bool touched =
        along ? follows(normalize_axis(*along, saved_->rank()).value_or(0)) : any_follows();
    if (touched) return stuck("selects from an axis whose extent follows from the picture's size");
    return {};
  }

  GraphAtSizes& at_;
  const Node& node_;
  size_t n_;
  const Shape* saved_ = nullptr;
  std::vector<std::optional<Shape>> now_;  // at each size
};

}  // namespace

Result<void> follow_size(GraphAtSizes& at, size_t n) { return NodeAtSizes(at, n).follow(); }

Error cannot_resize(const Node& node, const std::string& why) {
  return model_error("cannot run at another size: " + describe(node) + " " + why);
}

}  // namespace shrike
