// What moves elements: channels go where they go.
#include <algorithm>
#include <cassert>

#include "prune/tracer.h"

namespace shrike {

namespace {

size_t place(int64_t axis, int rank) { return static_cast<size_t>(axis < 0 ? axis + rank : axis); }

}  // namespace

void Tracer::follow(const Concat& concat) {
  const int rank = out_shape().rank();
  const size_t along = place(concat.axis, rank);
  // Parts without channels get some, which stay: the list is of all parts.
  Axis all;
  bool any = false;
  for (size_t i = 0; i < inputs(); ++i) any = any || !in(i)[along].empty();
  for (size_t i = 0; i < inputs() && any; ++i) {
    Axis part = in(i)[along];
    if (part.empty()) {
      part = fresh_axis(in_shape(i)[static_cast<int>(along)]);
      keep(part);
    }
    all.insert(all.end(), part.begin(), part.end());
  }
  for (size_t axis = 0; axis < static_cast<size_t>(rank); ++axis) {
    if (axis == along) continue;
    Axis joined = in(0)[axis];
    for (size_t i = 1; i < inputs(); ++i) joined = join(joined, in(i)[axis]);
    out()[axis] = joined;
  }
  out()[along] = all;
}

void Tracer::follow(const Split& split) {
  const size_t along = place(split.axis, in_shape(0).rank());
  size_t at = 0;
  for (size_t i = 0; i < node_->outputs.size(); ++i) {
    // An output that nobody wants has no value, and so no extent to go on from.
    if (node_->outputs[i] == kNoValue) return give_up();
    const auto extent = static_cast<size_t>(out_shape(i)[static_cast<int>(along)]);
    out(i) = in(0);
    if (const Axis& list = in(0)[along]; !list.empty())
      out(i)[along].assign(list.begin() + static_cast<std::ptrdiff_t>(at),
                           list.begin() + static_cast<std::ptrdiff_t>(at + extent));
    at += extent;
  }
}

void Tracer::follow(const Slice&) {
  const Shape &from = in_shape(0), &to = out_shape();
  const auto starts = ints(1), ends = ints(2);
  const auto steps = has(4) ? ints(4) : std::vector<int64_t>(starts ? starts->size() : 0, 1);
  std::vector<int64_t> every(starts ? starts->size() : 0);
  for (size_t i = 0; i < every.size(); ++i) every[i] = static_cast<int64_t>(i);
  const auto axes = has(3) ? ints(3) : every;
  if (!starts || !ends || !steps || !axes) return give_up();
  out() = in(0);
  for (size_t i = 0; i < axes->size(); ++i) {
    const size_t along = place((*axes)[i], from.rank());
    Axis& list = out()[along];
    if (list.empty()) continue;
    const int64_t extent = from[static_cast<int>(along)], count = to[static_cast<int>(along)];
    int64_t start = (*starts)[i] < 0 ? (*starts)[i] + extent : (*starts)[i];
    start = std::clamp<int64_t>(start, 0, extent);
    if ((*steps)[i] != 1 || start + count > extent) {
      keep(list);
      list.clear();
      continue;
    }
    list = Axis(list.begin() + start, list.begin() + start + count);
  }
}

void Tracer::follow(const Pad&) {
  const auto pads = ints(1);
  const auto rank = static_cast<size_t>(in_shape(0).rank());
  if (!pads || pads->size() != 2 * rank) return give_up();
  for (size_t axis = 0; axis < rank; ++axis) {
    if ((*pads)[axis] == 0 && (*pads)[rank + axis] == 0)
      out()[axis] = in(0)[axis];
    else
      keep(in(0)[axis]);
  }
}

void Tracer::follow(const Transpose& transpose) {
  const auto rank = static_cast<size_t>(in_shape(0).rank());
  for (size_t axis = 0; axis < rank; ++axis) {
    const size_t from =
        transpose.perm.empty() ? rank - 1 - axis : static_cast<size_t>(transpose.perm[axis]);
    out()[axis] = in(0)[from];
  }
}

// The shortest runs of axes on both sides with as many elements become each other; axes of extent 1
// belong to none.
void Tracer::reshape() {
  const Shape &from = in_shape(0), &to = out_shape();
  std::vector<int> ins, outs;
  for (int i = 0; i < from.rank(); ++i) {
    if (from[i] != 1)
      ins.push_back(i);
    else
      keep(in(0)[static_cast<size_t>(i)]);
  }
  for (int i = 0; i < to.rank(); ++i)
    if (to[i] != 1) outs.push_back(i);
  if (from.element_count() == 0) return give_up();
  size_t i = 0, o = 0;
  while (i < ins.size() && o < outs.size()) {
    const size_t first_in = i, first_out = o;
    int64_t left = from[ins[i++]], right = to[outs[o++]];
    while (left != right) {
      if (left < right)
        left *= from[ins[i++]];
      else
        right *= to[outs[o++]];
    }
    reshape_block(std::span(ins).subspan(first_in, i - first_in),
                  std::span(outs).subspan(first_out, o - first_out));
  }
}

void Tracer::reshape_block(std::span<const int> from, std::span<const int> to) {
  int64_t tracked = 0;
  size_t which = 0;
  for (size_t i = 0; i < from.size(); ++i)
    if (!in(0)[static_cast<size_t>(from[i])].empty()) {
      ++tracked;
      which = i;
    }
  if (tracked == 0) return;
  const Axis list = in(0)[static_cast<size_t>(from[which])];
  if (from.size() == 1 && to.size() == 1) {
    out()[static_cast<size_t>(to[0])] = list;
    return;
  }
  if (tracked > 1 || (from.size() > 1 && to.size() > 1)) return give_up();
  const auto inner = [](const Shape& shape, std::span<const int> axes, size_t after) {
    size_t count = 1;
    for (size_t i = after + 1; i < axes.size(); ++i) count *= static_cast<size_t>(shape[axes[i]]);
    return count;
  };
  if (to.size() == 1) {
    // Merged: an index holds the channel of the axis that has some.
    const size_t stride = inner(in_shape(0), from, which);
    Axis merged;
    for (size_t i = 0; i < static_cast<size_t>(out_shape()[to[0]]); ++i)
      merged.push_back(list[i / stride % list.size()]);
    out()[static_cast<size_t>(to[0])] = merged;
    return;
  }
  // Parted. Where the channel is a function of one of the new axes alone, that one has it: what was
  // merged comes apart as it was.
  for (size_t axis = 0; axis < to.size(); ++axis) {
    const size_t stride = inner(out_shape(), to, axis);
    const auto extent = static_cast<size_t>(out_shape()[to[axis]]);
    bool alone = true;
    for (size_t i = 0; i < list.size() && alone; ++i)
      alone = find(list[i]) == find(list[i / stride % extent * stride]);
    if (!alone) continue;
    Axis& made = out()[static_cast<size_t>(to[axis])];
    for (size_t i = 0; i < extent; ++i) made.push_back(list[i * stride]);
    return;
  }
  // Else channels at one place of the last axis go together, as with the heads of an attention.
  const auto extent = static_cast<size_t>(out_shape()[to.back()]);
  for (size_t i = 0; i < list.size(); ++i) unite(list[i], list[i % extent]);
  out()[static_cast<size_t>(to.back())] =
      Axis(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(extent));
}

}  // namespace shrike
