#include "prune/remove_channels.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>
#include <vector>

#include "base/excerpt.h"
#include "ir/describe.h"
#include "ir/infer.h"

namespace shrike {

namespace {

class Remover {
 public:
  Remover(const Graph& graph, const Channels& channels, const std::vector<bool>& removed)
      : before_(graph), channels_(channels), removed_(removed), after_(graph) {}

  Result<Graph> run() {
    for (size_t c = 0; c < removed_.size(); ++c)
      if (removed_[c] && !channels_.removable(static_cast<Channel>(c)))
        return usage_error("a channel that cannot be removed was to be");
    for (size_t v = 0; v < before_.values.size(); ++v) SHRIKE_TRY(cut(static_cast<ValueId>(v)));
    for (size_t n = 0; n < before_.nodes.size(); ++n) rewrite(n);
    SHRIKE_TRY(infer_shapes(after_));
    for (size_t v = 0; v < before_.values.size(); ++v) SHRIKE_TRY(check(static_cast<ValueId>(v)));
    return std::move(after_);
  }

 private:
  bool stays(Channel channel) const { return !removed_[static_cast<size_t>(channel)]; }

  int64_t left(const Axis& axis) const {
    return std::count_if(axis.begin(), axis.end(), [&](Channel c) { return stays(c); });
  }

  // The extents that a value has in the end.
  Shape shape_of(ValueId id) const {
    Shape shape = *before_.static_shape(id);
    for (int axis = 0; axis < shape.rank(); ++axis)
      if (const Axis& list = channels_.axis(id, axis); !list.empty()) shape[axis] = left(list);
    return shape;
  }

  Result<void> cut(ValueId id) {
    const Tensor* tensor = before_.constant(id);
    for (size_t axis = 0; axis < channels_.axes(id).size(); ++axis) {
      const Axis& list = channels_.axes(id)[axis];
      if (list.empty()) continue;
      if (left(list) == 0)
        return usage_error("nothing would be left of " + in_quotes(before_.value(id).name));
      if (!tensor || left(list) == static_cast<int64_t>(list.size())) continue;
      Value& value = after_.value(id);
      value.constant = without(*value.constant, static_cast<int>(axis), list);
      value.shape = value.constant->shape();
    }
    return {};
  }

  Tensor without(const Tensor& tensor, int axis, const Axis& list) const {
    Shape shape = tensor.shape();
    size_t outer = 1, inner = dtype_size(tensor.dtype());
    for (int i = 0; i < axis; ++i) outer *= static_cast<size_t>(shape[i]);
    for (int i = axis + 1; i < shape.rank(); ++i) inner *= static_cast<size_t>(shape[i]);
    shape[axis] = left(list);
    Tensor cut(tensor.dtype(), shape);
    const std::byte* from = tensor.bytes().data();
    std::byte* to = cut.mutable_bytes().data();
    for (size_t o = 0; o < outer; ++o)
      for (size_t i = 0; i < list.size(); ++i, from += inner)
        if (stays(list[i])) {
          std::memcpy(to, from, inner);
          to += inner;
        }
    return cut;
  }

  void rewrite(size_t n) {
    Node& node = after_.nodes[n];
    if (auto* conv = std::get_if<Conv>(&node.op)) conv->group = group(conv->group, node);
    if (auto* conv = std::get_if<ConvTranspose>(&node.op)) conv->group = group(conv->group, node);
    if (const auto* split = std::get_if<Split>(&node.op)) set_sizes(node, split->axis);
    if (std::holds_alternative<Slice>(node.op)) set_bounds(node);
    if (std::holds_alternative<Squeeze>(node.op)) set_squeezed(node);
    if (std::holds_alternative<Reshape>(node.op) || std::holds_alternative<Expand>(node.op))
      set_extents(node, 1);
    if (std::holds_alternative<Resize>(node.op)) set_extents(node, 2);
  }

  // Of a depthwise convolution as many as there are planes.
  int64_t group(int64_t group, const Node& node) const {
    const Axis& planes = channels_.axis(node.inputs[0], 1);
    return group > 1 && group == static_cast<int64_t>(planes.size()) ? left(planes) : group;
  }

  // A list of its own for one node: others may share the old one.
  void set_ints(Node& node, size_t input, const std::vector<int64_t>& values) {
    const bool there = node.inputs.size() > input && node.inputs[input] != kNoValue;
    const std::string name = there ? after_.value(node.inputs[input]).name
                                   : after_.value(node.outputs[0]).name + "_sizes";
    if (node.inputs.size() <= input) node.inputs.resize(input + 1, kNoValue);
    node.inputs[input] = after_.add_constant(
        name, Tensor::from<int64_t>(Shape{static_cast<int64_t>(values.size())}, values));
  }

  void set_sizes(Node& node, int64_t axis) {
    // Where all stays, some of the outputs may have no value.
    const Axis& all = channels_.axis(node.inputs[0], static_cast<int>(axis));
    if (left(all) == static_cast<int64_t>(all.size())) return;
    std::vector<int64_t> sizes;
    for (const ValueId id : node.outputs)
      sizes.push_back(left(channels_.axis(id, static_cast<int>(axis))));
    set_ints(node, 1, sizes);
  }

  // Axes of extent 1 where none are named: those that were, and not one of a single channel left.
  void set_squeezed(Node& node) {
    const Shape* shape = before_.static_shape(node.inputs[0]);
    if (!shape || (node.inputs.size() > 1 && node.inputs[1] != kNoValue)) return;
    std::vector<int64_t> axes;
    for (int axis = 0; axis < shape->rank(); ++axis)
      if ((*shape)[axis] == 1) axes.push_back(axis);
    if (!axes.empty()) set_ints(node, 1, axes);
  }

  // A list of int64 that was there before; lists of int32 are not followed (Tracer::ints).
  std::optional<std::vector<int64_t>> ints(const Node& node, size_t input) const {
    const Tensor* tensor =
        node.inputs.size() > input ? before_.constant(node.inputs[input]) : nullptr;
    if (!tensor || tensor->dtype() != DType::kI64) return std::nullopt;
    return std::vector<int64_t>(tensor->data<int64_t>().begin(), tensor->data<int64_t>().end());
  }

  // Where a list of channels is cut: from as many as are left before the first, as many as are
  // left.
  void set_bounds(Node& node) {
    std::optional<std::vector<int64_t>> starts = ints(node, 1), ends = ints(node, 2);
    const std::optional<std::vector<int64_t>> axes = ints(node, 3);
    const bool has_axes = node.inputs.size() > 3 && node.inputs[3] != kNoValue;
    if (!starts || !ends || (has_axes && !axes)) return;  // followed by nobody: all channels stay
    std::vector<int64_t>&from = *starts, &to = *ends;
    bool changed = false;
    for (size_t i = 0; i < from.size(); ++i) {
      const int64_t axis = axes ? (*axes)[i] : static_cast<int64_t>(i);
      const Axis& all = channels_.axis(node.inputs[0], static_cast<int>(axis));
      const Axis& part = channels_.axis(node.outputs[0], static_cast<int>(axis));
      if (all.empty() || part.empty()) continue;
      const auto extent = static_cast<int64_t>(all.size());
      const int64_t start =
          std::clamp<int64_t>(from[i] < 0 ? from[i] + extent : from[i], 0, extent);
      from[i] = left(Axis(all.begin(), all.begin() + start));
      to[i] = from[i] + left(part);
      changed = true;
    }
    if (!changed) return;
    set_ints(node, 1, from);
    set_ints(node, 2, to);
  }

  // A list of the output's extents. Those that say "the rest" (-1) or "as before" (0) still do.
  void set_extents(Node& node, size_t input) {
    std::optional<std::vector<int64_t>> extents = ints(node, input);
    if (!extents) return;
    const int shift = static_cast<int>(channels_.axes(node.outputs[0]).size() - extents->size());
    bool changed = false;
    for (size_t i = 0; i < extents->size(); ++i) {
      const Axis& list = channels_.axis(node.outputs[0], static_cast<int>(i) + shift);
      if ((*extents)[i] != static_cast<int64_t>(list.size()) || list.empty()) continue;
      (*extents)[i] = left(list);
      changed = true;
    }
    if (changed) set_ints(node, input, *extents);
  }

  // Inference and the lists must agree, or a rule of the tracer is wrong.
  Result<void> check(ValueId id) const {
    if (!before_.static_shape(id)) return {};
    if (after_.value(id).shape == shape_of(id)) return {};
    return model_error("value " + in_quotes(before_.value(id).name) +
                       " does not come out as foreseen when channels leave");
  }

  const Graph& before_;
  const Channels& channels_;
  const std::vector<bool>& removed_;
  Graph after_;
};

}  // namespace

Result<void> remove_channels(Graph& graph, const Channels& channels,
                             const std::vector<bool>& removed) {
  SHRIKE_ASSIGN(Graph after, Remover(graph, channels, removed).run());
  graph = std::move(after);
  remove_dead(graph);
  return {};
}

}  // namespace shrike
