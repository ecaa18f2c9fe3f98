// Transpose and the two operators that are a transpose of six axes.
#include <numeric>

#include "reference/operators.h"
#include "reference/strided.h"

namespace shrike::reference {

namespace {

// y = x, seen with the extents `from`, with its axes in the order `perm`. Requires a permutation.
void permute(const Tensor& x, const Shape& from, const std::vector<int>& perm, Tensor& y) {
  const std::vector<int64_t> strides = from.strides();
  StridedCopy copy;
  std::vector<int64_t> extents;
  for (int axis : perm) {
    extents.push_back(from[axis]);
    copy.src_strides.push_back(strides[static_cast<size_t>(axis)]);
  }
  copy.extents = Shape(std::move(extents));
  copy.dst_strides = copy.extents.strides();
  copy_strided(copy, x.bytes().data(), y.mutable_bytes().data(), dtype_size(x.dtype()));
}

}  // namespace

Result<Outputs> evaluate(const Transpose& op, const Inputs& in) {
  SHRIKE_ASSIGN(Tensor y, in.output());
  const int rank = in[0].shape().rank();
  std::vector<int> perm(static_cast<size_t>(rank));
  for (size_t i = 0; i < perm.size(); ++i) {
    if (op.perm.empty()) {
      perm[i] = rank - 1 - static_cast<int>(i);
    } else {
      SHRIKE_ASSIGN(perm[i], in.axis(op.perm[i]));
    }
  }
  permute(in[0], in[0].shape(), perm, y);
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const DepthToSpace& op, const Inputs& in) {
  SHRIKE_ASSIGN(Tensor y, in.output());
  const Shape& x = in[0].shape();
  const int64_t b = op.blocksize, channels = y.shape()[1];
  if (op.mode == DepthOrder::kDcr)
    permute(in[0], Shape{x[0], b, b, channels, x[2], x[3]}, {0, 3, 4, 1, 5, 2}, y);
  else
    permute(in[0], Shape{x[0], channels, b, b, x[2], x[3]}, {0, 1, 4, 2, 5, 3}, y);
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const SpaceToDepth& op, const Inputs& in) {
  SHRIKE_ASSIGN(Tensor y, in.output());
  const Shape &x = in[0].shape(), &out = y.shape();
  const int64_t b = op.blocksize;
  permute(in[0], Shape{x[0], x[1], out[2], b, out[3], b}, {0, 3, 5, 1, 2, 4}, y);
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
