// What makes new channels of others: convolutions, products; and what works on each alone.
#include <algorithm>

#include "prune/tracer.h"

namespace shrike {

// Groups of several channels: those at one place of every group go together, so that the groups
// stay equal.
void Tracer::grouped(int64_t group) {
  const int64_t ins = in_shape(1)[1], outs = in_shape(1)[0] / group;
  const Axis x = in(0)[1];
  Axis inner;
  if (!x.empty()) {
    inner.assign(x.begin(), x.begin() + ins);
    for (size_t i = 0; i < x.size(); ++i) unite(x[i], inner[i % static_cast<size_t>(ins)]);
  }
  meet(1, 1, inner);
  const Axis made = make(1, 0);
  if (!made.empty())
    for (size_t i = 0; i < made.size(); ++i) unite(made[i], made[i % static_cast<size_t>(outs)]);
}

void Tracer::follow(const Conv& conv) {
  if (!is_constant(1)) return give_up();
  keep_pixels(0);
  if (has(3)) keep_pixels(3);
  const int64_t channels = in_shape(0)[1], filters = in_shape(1)[0];
  if (conv.group == 1) {
    meet(1, 1, in(0)[1]);
    make(1, 0);
  } else if (conv.group == channels) {
    // Depthwise: a plane's filters are the plane's.
    Axis made;
    for (int64_t f = 0; f < filters && !in(0)[1].empty(); ++f)
      made.push_back(in(0)[1][static_cast<size_t>(f / (filters / channels))]);
    meet(1, 0, made);
  } else {
    grouped(conv.group);
  }
  const Axis made = in(1)[0];
  if (has(2)) meet(2, 0, made);
  out()[1] = made;
  if (has(3)) out()[1] = join(in(3)[1], made);
}

void Tracer::follow(const ConvTranspose& conv) {
  if (!is_constant(1)) return give_up();
  keep_pixels(0);
  if (conv.group == 1) {
    meet(1, 0, in(0)[1]);
    make(1, 1);
    out()[1] = in(1)[1];
  } else if (conv.group == in_shape(0)[1] && in_shape(1)[1] == 1) {
    meet(1, 0, in(0)[1]);
    out()[1] = in(1)[0];
  } else {
    return give_up();
  }
  if (has(2)) meet(2, 0, out()[1]);
}

void Tracer::follow(const BatchNorm&) {
  if (in_shape(0).rank() < 2) return give_up();
  for (size_t i = 1; i < inputs(); ++i) meet(i, 0, in(0)[1]);
  pass_on();
}

void Tracer::follow(const MatMul&) {
  const Shape &a = in_shape(0), &b = in_shape(1);
  if (a.rank() < 2 || b.rank() < 2) return give_up();
  const int m = a.rank() - 2, k = a.rank() - 1, kb = b.rank() - 2, n = b.rank() - 1;
  const int rank = out_shape().rank();
  if (is_constant(0)) {
    make(0, m);
    meet(0, k, in(1)[static_cast<size_t>(kb)]);
  } else {
    if (is_constant(1)) make(1, n);
    meet(1, kb, in(0)[static_cast<size_t>(k)]);
  }
  out()[static_cast<size_t>(rank - 2)] = in(0)[static_cast<size_t>(m)];
  out()[static_cast<size_t>(rank - 1)] = in(1)[static_cast<size_t>(n)];
  for (int axis = 0; axis < rank - 2; ++axis) {
    std::optional<Axis> joined;
    for (size_t i = 0; i < 2; ++i) {
      const int own = axis - (rank - in_shape(i).rank());
      if (own < 0 || in_shape(i)[own] != out_shape()[axis]) continue;
      const Axis& list = in(i)[static_cast<size_t>(own)];
      joined = joined ? join(*joined, list) : list;
    }
    out()[static_cast<size_t>(axis)] = joined.value_or(Axis());
  }
}

void Tracer::follow(const Gemm& gemm) {
  if (!is_constant(1)) return give_up();
  const int m = gemm.trans_a != 0 ? 1 : 0, n = gemm.trans_b != 0 ? 0 : 1;
  meet(1, 1 - n, in(0)[static_cast<size_t>(1 - m)]);
  const Axis made = make(1, n);
  out()[0] = in(0)[static_cast<size_t>(m)];
  out()[1] = made;
  if (!has(2)) return;
  // The bias has what it does not repeat.
  const Shape& bias = in_shape(2);
  for (int own = 0; own < bias.rank(); ++own) {
    Axis& list = out()[static_cast<size_t>(own + 2 - bias.rank())];
    if (bias[own] != out_shape()[own + 2 - bias.rank()]) continue;
    meet(2, own, list);
    list = in(2)[static_cast<size_t>(own)];
  }
}

void Tracer::follow(const Binary&) {
  const int rank = out_shape().rank();
  for (int axis = 0; axis < rank; ++axis) {
    const int64_t extent = out_shape()[axis];
    const auto own = [&](size_t i) { return axis - (rank - in_shape(i).rank()); };
    const auto spans = [&](size_t i) { return own(i) >= 0 && in_shape(i)[own(i)] == extent; };
    // Constants last: they take what the other one has.
    const size_t first = is_constant(0) ? 1 : 0, second = 1 - first;
    Axis list;
    if (spans(first)) list = in(first)[static_cast<size_t>(own(first))];
    if (!spans(first) && spans(second)) list = in(second)[static_cast<size_t>(own(second))];
    if (spans(first) && spans(second)) {
      meet(second, own(second), list);
      list = in(second)[static_cast<size_t>(own(second))];
    }
    out()[static_cast<size_t>(axis)] = list;
  }
}

void Tracer::follow(const Softmax& softmax) {
  const int64_t axis = softmax.axis < 0 ? softmax.axis + in_shape(0).rank() : softmax.axis;
  keep(in(0)[static_cast<size_t>(axis)]);
  pass_on();
}

void Tracer::follow(const Reduce& reduce) {
  const Shape& shape = in_shape(0);
  std::vector<bool> gone(static_cast<size_t>(shape.rank()), !has(1));
  if (has(1)) {
    const auto axes = ints(1);
    if (!axes || axes->empty()) return give_up();
    for (const int64_t axis : *axes)
      gone[static_cast<size_t>(axis < 0 ? axis + shape.rank() : axis)] = true;
  } else if (reduce.noop_with_empty_axes != 0) {
    return give_up();
  }
  size_t to = 0;
  for (size_t axis = 0; axis < gone.size(); ++axis) {
    if (gone[axis]) {
      keep(in(0)[axis]);
      if (reduce.keepdims != 0) ++to;
    } else {
      out()[to++] = in(0)[axis];
    }
  }
}

}  // namespace shrike
