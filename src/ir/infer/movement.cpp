#include <algorithm>

#include "ir/infer/rules.h"

namespace shrike::infer {

Result<Outputs> infer(const Concat& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, SIZE_MAX));
  for (size_t i = 0; i < in.count(); ++i) {
    if (!in.has(i)) return in.fail("input " + std::to_string(i) + " is missing");
    if (in.dtype(i) != in.dtype(0)) return in.fail("inputs of different types");
  }
  std::optional<Shape> y = in.shape(0);
  for (size_t i = 0; i < in.count(); ++i) {
    if (!y || !in.shape(i)) return one(in.dtype(0), std::nullopt);
    const Shape& x = *in.shape(i);
    const std::optional<int> axis = normalize_axis(op.axis, y->rank());
    if (x.rank() != y->rank() || !axis)
      return in.fail("cannot join " + to_string(*y) + " and " + to_string(x) + " on axis " +
                     std::to_string(op.axis));
    for (int a = 0; a < x.rank(); ++a) {
      int64_t& out = (*y)[a];
      if (a == *axis) {
        if (i > 0) out = out == kDynamic || x[a] == kDynamic ? kDynamic : out + x[a];
        if (out > kLongestExtent) return in.fail("the output is too large");
      } else if (out == kDynamic) {
        out = x[a];
      } else if (x[a] != kDynamic && x[a] != out) {
        return in.fail("cannot join " + to_string(*y) + " and " + to_string(x) + " on axis " +
                       std::to_string(op.axis));
      }
    }
  }
  return one(in.dtype(0), std::move(y));
}

namespace {

// Sizes of a Split's parts: one an output, which add up to the extent.
Result<void> check_sizes(const Inputs& in, const std::vector<int64_t>& sizes, int64_t extent) {
  if (sizes.size() != in.outputs()) return in.fail("sizes do not match the outputs");
  int64_t sum = 0;
  for (int64_t size : sizes) {
    if (size < 0 || size > kLongestExtent - sum) return in.fail("negative or huge size");
    sum += size;
  }
  if (extent != kDynamic && sum != extent)
    return in.fail("sizes do not add up to the extent " + std::to_string(extent));
  return {};
}

}  // namespace

Result<Outputs> infer(const Split& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 2));
  SHRIKE_TRY(in.expect_i64(1));
  const auto parts = static_cast<int64_t>(in.outputs());
  if (parts == 0) return in.fail("has no outputs");
  Outputs out(in.outputs(), {in.dtype(0), std::nullopt});
  if (!in.shape(0)) return out;
  const Shape& x = *in.shape(0);
  const std::optional<int> axis = normalize_axis(op.axis, x.rank());
  if (!axis) return in.fail("axis " + std::to_string(op.axis) + " of " + to_string(x));
  std::vector<int64_t> sizes(in.outputs(), kDynamic);
  if (const auto given = in.ints(1)) {
    SHRIKE_TRY(check_sizes(in, *given, x[*axis]));
    sizes = *given;
  } else if (!in.has(1) && x[*axis] != kDynamic) {
    sizes = Split::equal_sizes(x[*axis], parts);
  }
  for (size_t i = 0; i < out.size(); ++i) {
    Shape y = x;
    y[*axis] = sizes[i];
    out[i].shape = std::move(y);
  }
  return out;
}

namespace {

// Elements start, start+step, ... before end, all clamped as ONNX says.
int64_t sliced_extent(int64_t extent, int64_t start, int64_t end, int64_t step) {
  const auto from_end = [&](int64_t i) { return i < 0 ? i + extent : i; };
  if (step > 0) {
    const int64_t a = std::clamp<int64_t>(from_end(start), 0, extent);
    const int64_t b = std::clamp<int64_t>(from_end(end), 0, extent);
    return b <= a ? 0 : (b - a - 1) / step + 1;
  }
  const int64_t a = std::clamp<int64_t>(from_end(start), -1, extent - 1);
  const int64_t b = std::clamp<int64_t>(end < -extent ? -1 : from_end(end), -1, extent - 1);
  return a <= b ? 0 : (a - b - 1) / (step == INT64_MIN ? INT64_MAX : -step) + 1;
}

}  // namespace

Result<Outputs> infer(const Slice&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(3, 5));
  for (size_t i = 1; i < 5; ++i) SHRIKE_TRY(in.expect_indices(i));
  if (!in.shape(0)) return one(in.dtype(0), std::nullopt);
  Shape y = *in.shape(0);
  const auto starts = in.ints(1), ends = in.ints(2), axes = in.ints(3), steps = in.ints(4);
  if (!starts || !ends || (in.has(3) && !axes) || (in.has(4) && !steps)) {
    // Which bounds are not known; the axes may be.
    for (int a = 0; a < y.rank(); ++a) {
      const bool touched = !axes || std::any_of(axes->begin(), axes->end(), [&](int64_t axis) {
        return normalize_axis(axis, y.rank()) == a;
      });
      if (touched) y[a] = kDynamic;
    }
    return one(in.dtype(0), std::move(y));
  }
  if (starts->size() != ends->size() || (axes && axes->size() != starts->size()) ||
      (steps && steps->size() != starts->size()))
    return in.fail("starts, ends, axes and steps differ in length");
  for (size_t i = 0; i < starts->size(); ++i) {
    const std::optional<int> axis =
        normalize_axis(axes ? (*axes)[i] : static_cast<int64_t>(i), y.rank());
    const int64_t step = steps ? (*steps)[i] : 1;
    if (!axis || step == 0) return in.fail("axis out of range, or a step of 0");
    if (y[*axis] != kDynamic) y[*axis] = sliced_extent(y[*axis], (*starts)[i], (*ends)[i], step);
  }
  return one(in.dtype(0), std::move(y));
}

Result<Outputs> infer(const Reshape& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 2));
  SHRIKE_TRY(in.expect_i64(1));
  const auto wanted = in.ints(1);
  if (!wanted) return one(in.dtype(0), unknown_extents(in.shape(1)));
  Shape y(*wanted);
  int inferred = -1;
  for (int a = 0; a < y.rank(); ++a) {
    if (y[a] == -1) {
      if (inferred >= 0) return in.fail("two extents of -1");
      inferred = a;
    } else if (y[a] == 0 && op.allowzero == 0) {
      if (!in.shape(0))
        return one(in.dtype(0), Shape(std::vector<int64_t>(wanted->size(), kDynamic)));
      if (a >= in.shape(0)->rank()) return in.fail("copies an extent the input does not have");
      y[a] = (*in.shape(0))[a];
    } else if (y[a] < 0) {
      return in.fail("a negative extent");
    }
  }
  if (!in.shape(0) || !in.shape(0)->is_static()) return one(in.dtype(0), std::move(y));
  const std::optional<int64_t> count = in.shape(0)->element_count();
  if (inferred >= 0) {
    y[inferred] = 1;
    const std::optional<int64_t> known = y.element_count();
    if (!count || !known || *known == 0 || *count % *known != 0)
      return in.fail("cannot reshape " + to_string(*in.shape(0)) + " to " +
                     to_string(Shape(*wanted)));
    y[inferred] = *count / *known;
  }
  if (y.element_count() != count)
    return in.fail("cannot reshape " + to_string(*in.shape(0)) + " to " + to_string(y));
  return one(in.dtype(0), std::move(y));
}

Result<Outputs> infer(const Transpose& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 1));
  if (!in.shape(0)) return one(in.dtype(0), std::nullopt);
  const Shape& x = *in.shape(0);
  Shape y = x;
  if (op.perm.empty()) {
    for (int a = 0; a < x.rank(); ++a) y[a] = x[x.rank() - 1 - a];
    return one(in.dtype(0), std::move(y));
  }
  std::vector<bool> seen(static_cast<size_t>(x.rank()), false);
  if (op.perm.size() != seen.size()) return in.fail("perm does not fit " + to_string(x));
  for (int a = 0; a < x.rank(); ++a) {
    const std::optional<int> from = normalize_axis(op.perm[static_cast<size_t>(a)], x.rank());
    if (!from || seen[static_cast<size_t>(*from)]) return in.fail("perm is no permutation");
    seen[static_cast<size_t>(*from)] = true;
    y[a] = x[*from];
  }
  return one(in.dtype(0), std::move(y));
}

Result<Outputs> infer(const Squeeze&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 2));
  SHRIKE_TRY(in.expect_i64(1));
  const auto axes = in.ints(1);
  if (!in.shape(0) || (in.has(1) && !axes)) return one(in.dtype(0), std::nullopt);
  const Shape& x = *in.shape(0);
  std::vector<bool> gone(static_cast<size_t>(x.rank()), false);
  for (int a = 0; a < x.rank() && !axes; ++a) {
    if (x[a] == kDynamic) return one(in.dtype(0), std::nullopt);
    gone[static_cast<size_t>(a)] = x[a] == 1;
  }
  for (size_t i = 0; axes && i < axes->size(); ++i) {
    const std::optional<int> axis = normalize_axis((*axes)[i], x.rank());
    if (!axis || (x[*axis] != 1 && x[*axis] != kDynamic))
      return in.fail("axis " + std::to_string((*axes)[i]) + " of " + to_string(x));
    gone[static_cast<size_t>(*axis)] = true;
  }
  std::vector<int64_t> dims;
  for (int a = 0; a < x.rank(); ++a)
    if (!gone[static_cast<size_t>(a)]) dims.push_back(x[a]);
  return one(in.dtype(0), Shape(std::move(dims)));
}

Result<Outputs> infer(const Unsqueeze&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 2));
  SHRIKE_TRY(in.expect_i64(1));
  const auto axes = in.ints(1);
  if (!in.shape(0) || !axes) return one(in.dtype(0), std::nullopt);
  const int rank = in.shape(0)->rank() + static_cast<int>(std::min<size_t>(axes->size(), 64));
  std::vector<int64_t> dims(static_cast<size_t>(rank), 0);
  for (int64_t given : *axes) {
    const std::optional<int> axis = normalize_axis(given, rank);
    if (!axis || dims[static_cast<size_t>(*axis)] == 1)
      return in.fail("axis " + std::to_string(given) + " of rank " + std::to_string(rank));
    dims[static_cast<size_t>(*axis)] = 1;
  }
  int from = 0;
  for (int64_t& dim : dims)
    if (dim == 0) dim = (*in.shape(0))[from++];
  return one(in.dtype(0), Shape(std::move(dims)));
}

Result<Outputs> infer(const Flatten& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 1));
  if (!in.shape(0)) return one(in.dtype(0), Shape{kDynamic, kDynamic});
  const Shape& x = *in.shape(0);
  if (op.axis < -x.rank() || op.axis > x.rank()) return in.fail("axis out of range");
  const int axis = static_cast<int>(op.axis < 0 ? op.axis + x.rank() : op.axis);
  const auto product = [&](int from, int to) {
    const std::vector<int64_t> part(x.begin() + from, x.begin() + to);
    return Shape(part).element_count().value_or(kDynamic);
  };
  return one(in.dtype(0), Shape{product(0, axis), product(axis, x.rank())});
}

Result<Outputs> infer(const Expand&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 2));
  SHRIKE_TRY(in.expect_i64(1));
  const auto wanted = in.ints(1);
  if (!in.shape(0)) return one(in.dtype(0), std::nullopt);
  if (!wanted) return one(in.dtype(0), unknown_extents(in.shape(1), in.shape(0)->rank()));
  for (int64_t dim : *wanted)
    if (dim < 0) return in.fail("a negative extent");
  const std::optional<Shape> y = broadcast(*in.shape(0), Shape(*wanted));
  if (!y)
    return in.fail("cannot expand " + to_string(*in.shape(0)) + " to " + to_string(Shape(*wanted)));
  return one(in.dtype(0), *y);
}

Result<Outputs> infer(const Tile&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 2));
  SHRIKE_TRY(in.expect_i64(1));
  const auto repeats = in.ints(1);
  if (!in.shape(0)) return one(in.dtype(0), std::nullopt);
  if (!repeats) return one(in.dtype(0), unknown_extents(in.shape(1)));
  Shape y = *in.shape(0);
  if (repeats->size() != static_cast<size_t>(y.rank())) return in.fail("one repeat an axis");
  for (int a = 0; a < y.rank(); ++a) {
    const int64_t times = (*repeats)[static_cast<size_t>(a)];
    const std::optional<int64_t> extent = checked_mul(y[a], times);
    if (times < 0 || !extent) return in.fail("repeats out of range");
    if (y[a] != kDynamic) y[a] = *extent;
  }
  return one(in.dtype(0), std::move(y));
}

Result<Outputs> infer(const Pad&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 3));
  SHRIKE_TRY(in.expect_i64(1));
  if (!in.shape(0)) return one(in.dtype(0), std::nullopt);
  Shape y = *in.shape(0);
  const auto pads = in.ints(1);
  if (pads && pads->size() != static_cast<size_t>(2 * y.rank())) return in.fail("two pads an axis");
  for (int a = 0; a < y.rank(); ++a) {
    if (!pads) {
      y[a] = kDynamic;
      continue;
    }
    const int64_t begin = (*pads)[static_cast<size_t>(a)];
    const int64_t end = (*pads)[static_cast<size_t>(a + y.rank())];
    for (int64_t pad : {begin, end})
      if (pad > kLongestExtent || pad < -kLongestExtent) return in.fail("pad out of range");
    if (y[a] == kDynamic) continue;
    y[a] += begin + end;
    if (y[a] < 0) return in.fail("crops more than there is");
  }
  return one(in.dtype(0), std::move(y));
}

Result<Outputs> infer(const DepthToSpace& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 1));
  if (!in.shape(0)) return one(in.dtype(0), std::nullopt);
  const Shape& x = *in.shape(0);
  const int64_t b = op.blocksize;
  if (x.rank() != 4 || b < 1 || b > 1024 || (x[1] != kDynamic && x[1] % (b * b) != 0))
    return in.fail("blocks of " + std::to_string(b) + " in " + to_string(x));
  const auto times = [&](int64_t dim) { return dim == kDynamic ? kDynamic : dim * b; };
  return one(in.dtype(0),
             Shape{x[0], x[1] == kDynamic ? kDynamic : x[1] / (b * b), times(x[2]), times(x[3])});
}

Result<Outputs> infer(const SpaceToDepth& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 1));
  if (!in.shape(0)) return one(in.dtype(0), std::nullopt);
  const Shape& x = *in.shape(0);
  const int64_t b = op.blocksize;
  if (x.rank() != 4 || b < 1 || b > 1024 || (x[2] != kDynamic && x[2] % b != 0) ||
      (x[3] != kDynamic && x[3] % b != 0))
    return in.fail("blocks of " + std::to_string(b) + " in " + to_string(x));
  const auto part = [&](int64_t dim) { return dim == kDynamic ? kDynamic : dim / b; };
  const std::optional<int64_t> channels = x[1] == kDynamic ? kDynamic : checked_mul(x[1], b * b);
  if (!channels) return in.fail("too many channels");
  return one(in.dtype(0), Shape{x[0], *channels, part(x[2]), part(x[3])});
}

}  // namespace shrike::infer
