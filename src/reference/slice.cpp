// Operators that take or repeat boxes of a tensor.
#include <algorithm>

#include "reference/operators.h"
#include "reference/strided.h"

namespace shrike::reference {

namespace {

// The first element taken along an axis; of use only when some are.
int64_t first_index(int64_t extent, int64_t start, int64_t step) {
  const int64_t from_begin = start < 0 ? start + extent : start;
  return step > 0 ? std::clamp<int64_t>(from_begin, 0, extent)
                  : std::clamp<int64_t>(from_begin, std::min<int64_t>(0, extent - 1), extent - 1);
}

// y filled from x with these strides; y is contiguous.
Outputs fill(const Tensor& x, Tensor y, StridedCopy copy) {
  if (!y.empty()) {
    copy.dst_strides = copy.extents.strides();
    copy_strided(copy, x.bytes().data(), y.mutable_bytes().data(), dtype_size(x.dtype()));
  }
  return {std::move(y)};
}

}  // namespace

Result<Outputs> evaluate(const Slice&, const Inputs& in) {
  SHRIKE_ASSIGN(const std::vector<int64_t> starts, in.ints(1));
  std::vector<int64_t> axes, steps(starts.size(), 1);
  for (size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  if (in.has(3)) {
    SHRIKE_ASSIGN(axes, in.ints(3));
  }
  if (in.has(4)) {
    SHRIKE_ASSIGN(steps, in.ints(4));
  }
  SHRIKE_ASSIGN(Tensor y, in.output());
  const Shape& x = in[0].shape();
  StridedCopy copy{y.shape(), x.strides(), {}};
  std::vector<bool> sliced(static_cast<size_t>(x.rank()), false);
  for (size_t i = 0; i < starts.size(); ++i) {
    SHRIKE_ASSIGN(const int axis, in.axis(axes[i]));
    const size_t a = static_cast<size_t>(axis);
    if (sliced[a]) return in.fail("names axis " + std::to_string(axis) + " twice");
    sliced[a] = true;
    if (y.shape()[axis] == 0) continue;
    copy.src_start += first_index(x[axis], starts[i], steps[i]) * copy.src_strides[a];
    // A step past the extent takes one element, whatever its size.
    copy.src_strides[a] *= y.shape()[axis] > 1 ? steps[i] : 0;
  }
  return fill(in[0], std::move(y), std::move(copy));
}

Result<Outputs> evaluate(const Expand&, const Inputs& in) {
  SHRIKE_ASSIGN(Tensor y, in.output());
  StridedCopy copy{y.shape(), broadcast_strides(in[0].shape(), y.shape()), {}};
  return fill(in[0], std::move(y), std::move(copy));
}

Result<Outputs> evaluate(const Tile&, const Inputs& in) {
  SHRIKE_ASSIGN(const std::vector<int64_t> repeats, in.ints(1));
  SHRIKE_ASSIGN(Tensor y, in.output());
  const Shape& x = in[0].shape();
  const std::vector<int64_t> strides = x.strides();
  // Every axis as two: the repeats, which stand still in x, and the extent.
  std::vector<int64_t> extents;
  StridedCopy copy;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const size_t a = static_cast<size_t>(axis);
    extents.insert(extents.end(), {repeats[a], x[axis]});
    copy.src_strides.insert(copy.src_strides.end(), {0, strides[a]});
  }
  copy.extents = Shape(std::move(extents));
  return fill(in[0], std::move(y), std::move(copy));
}

}  // namespace shrike::reference
