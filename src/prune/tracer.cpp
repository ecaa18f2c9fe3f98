#include "prune/tracer.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <numeric>

namespace shrike {

Tracer::Tracer(const Graph& graph) : graph_(graph), read_(graph.values.size(), false) {
  axes_.resize(graph.values.size());
  for (size_t i = 0; i < graph.values.size(); ++i)
    if (const Shape* shape = graph.static_shape(static_cast<ValueId>(i)))
      axes_[i].resize(static_cast<size_t>(shape->rank()));
}

const Shape& Tracer::in_shape(size_t i) const { return *graph_.static_shape(node_->inputs[i]); }
const Shape& Tracer::out_shape(size_t i) const { return *graph_.static_shape(node_->outputs[i]); }

std::optional<std::vector<int64_t>> Tracer::ints(size_t i) const {
  const Tensor* tensor = has(i) ? graph_.constant(node_->inputs[i]) : nullptr;
  if (!tensor || tensor->dtype() != DType::kI64) return std::nullopt;
  const auto data = tensor->data<int64_t>();
  return std::vector<int64_t>(data.begin(), data.end());
}

Channel Tracer::fresh() {
  parent_.push_back(static_cast<Channel>(parent_.size()));
  kept_.push_back(false);
  keeper_.push_back(-1);
  return parent_.back();
}

Axis Tracer::fresh_axis(int64_t extent) {
  Axis axis;
  for (int64_t i = 0; i < extent; ++i) axis.push_back(fresh());
  return axis;
}

Channel Tracer::find(Channel channel) {
  Channel root = channel;
  while (parent_[static_cast<size_t>(root)] != root) root = parent_[static_cast<size_t>(root)];
  while (channel != root) {
    const Channel next = parent_[static_cast<size_t>(channel)];
    parent_[static_cast<size_t>(channel)] = root;
    channel = next;
  }
  return root;
}

void Tracer::unite(Channel a, Channel b) {
  auto ra = static_cast<size_t>(find(a)), rb = static_cast<size_t>(find(b));
  if (ra == rb) return;
  if (kept_[rb]) std::swap(ra, rb);  // the keeper stays known
  parent_[rb] = static_cast<Channel>(ra);
}

void Tracer::unite(const Axis& a, const Axis& b) {
  assert(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) unite(a[i], b[i]);
}

void Tracer::keep(Channel channel) {
  const auto root = static_cast<size_t>(find(channel));
  if (kept_[root]) return;
  kept_[root] = true;
  keeper_[root] = index_;
}

void Tracer::keep(const Axis& axis) {
  for (const Channel channel : axis) keep(channel);
}

Axis Tracer::join(const Axis& a, const Axis& b) {
  if (a.empty() || b.empty()) {
    keep(a);
    keep(b);
    return {};
  }
  unite(a, b);
  return a;
}

void Tracer::meet(size_t i, int axis, const Axis& list) {
  Axis& own = in(i)[static_cast<size_t>(axis)];
  const bool open = is_constant(i) && !read_[static_cast<size_t>(node_->inputs[i])];
  if (open && (list.empty() || static_cast<int64_t>(list.size()) == in_shape(i)[axis]))
    own = list;
  else
    own = join(own, list);
}

Axis Tracer::make(size_t i, int axis) {
  Axis& own = in(i)[static_cast<size_t>(axis)];
  if (is_constant(i) && !read_[static_cast<size_t>(node_->inputs[i])])
    own = fresh_axis(in_shape(i)[axis]);
  return own;
}

void Tracer::give_up() {
  for (const ValueId id : node_->inputs)
    if (id != kNoValue)
      for (const Axis& axis : axes_[static_cast<size_t>(id)]) keep(axis);
}

void Tracer::pass_on() {
  const Shape &from = in_shape(0), &to = out_shape();
  const int shift = to.rank() - from.rank();  // Expand may add axes in front
  for (int axis = 0; axis < from.rank(); ++axis) {
    const Axis& list = in(0)[static_cast<size_t>(axis)];
    if (shift >= 0 && from[axis] == to[axis + shift])
      out()[static_cast<size_t>(axis + shift)] = list;
    else
      keep(list);
  }
}

void Tracer::keep_pixels(size_t i) {
  for (size_t axis = 0; axis < in(i).size(); ++axis)
    if (axis != 1) keep(in(i)[axis]);
}

void Tracer::pool() {
  keep_pixels(0);
  pass_on();
}

Channels Tracer::run() {
  for (const Node& node : graph_.nodes) {
    node_ = &node;
    ++index_;
    // Without extents there is nothing to follow.
    const auto is_static = [&](ValueId id) { return id == kNoValue || graph_.static_shape(id); };
    const bool known = std::all_of(node.inputs.begin(), node.inputs.end(), is_static) &&
                       std::all_of(node.outputs.begin(), node.outputs.end(), is_static) && has(0) &&
                       node.outputs[0] != kNoValue;
    if (known)
      std::visit([this](const auto& op) { follow(op); }, node.op);
    else
      give_up();
    for (const ValueId id : node.inputs)
      if (id != kNoValue) read_[static_cast<size_t>(id)] = true;
  }
  index_ = -1;
  for (const ValueId id : graph_.outputs)
    for (const Axis& axis : axes_[static_cast<size_t>(id)]) keep(axis);

  Channels channels;
  std::map<Channel, Channel> numbers;  // of roots
  std::map<int, int64_t> whole;        // channels by the node that keeps them
  for (Axes& axes : axes_)
    for (Axis& axis : axes)
      for (Channel& channel : axis) {
        const Channel root = find(channel);
        const auto [at, added] =
            numbers.try_emplace(root, static_cast<Channel>(channels.removable_.size()));
        if (added) {
          const bool kept = kept_[static_cast<size_t>(root)];
          channels.removable_.push_back(!kept);
          if (kept) ++whole[keeper_[static_cast<size_t>(root)]];
        }
        channel = at->second;
      }
  for (const auto& [node, count] : whole) channels.whole_.push_back({node, count});
  channels.axes_ = std::move(axes_);
  return channels;
}

}  // namespace shrike
