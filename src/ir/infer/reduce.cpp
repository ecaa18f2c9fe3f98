#include <algorithm>

#include "ir/infer/rules.h"

namespace shrike::infer {

Result<Outputs> infer(const MatMul&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 2));
  if (in.dtype(0) != in.dtype(1)) return in.fail("inputs of different types");
  if (!in.shape(0) || !in.shape(1)) return one(in.dtype(0), std::nullopt);
  const Shape &a = *in.shape(0), &b = *in.shape(1);
  if (a.rank() < 1 || b.rank() < 1) return in.fail("takes no scalars");
  // A vector counts as one row (left) or one column (right), which then goes away.
  const bool row = a.rank() == 1, column = b.rank() == 1;
  const int64_t inner_a = a[a.rank() - 1], inner_b = column ? b[0] : b[b.rank() - 2];
  const auto batch = [](const Shape& s) {
    return Shape(std::vector<int64_t>(s.begin(), s.end() - std::min(2, s.rank())));
  };
  const std::optional<Shape> batches = broadcast(batch(a), batch(b));
  if (!batches || (inner_a != inner_b && inner_a != kDynamic && inner_b != kDynamic))
    return in.fail("cannot multiply " + to_string(a) + " by " + to_string(b));
  std::vector<int64_t> dims = batches->dims();
  if (!row) dims.push_back(a[a.rank() - 2]);
  if (!column) dims.push_back(b[b.rank() - 1]);
  return one(in.dtype(0), Shape(std::move(dims)));
}

Result<Outputs> infer(const Gemm& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 3));
  if (!in.shape(0) || !in.shape(1)) return one(in.dtype(0), std::nullopt);
  const Shape &a = *in.shape(0), &b = *in.shape(1);
  if (a.rank() != 2 || b.rank() != 2) return in.fail("takes two matrices");
  const int ta = op.trans_a != 0, tb = op.trans_b != 0;
  if (a[1 - ta] != b[tb] && a[1 - ta] != kDynamic && b[tb] != kDynamic)
    return in.fail("cannot multiply " + to_string(a) + " by " + to_string(b));
  const Shape y{a[ta], b[1 - tb]};
  if (in.has(2) && in.shape(2) && (!broadcast(y, *in.shape(2)) || *broadcast(y, *in.shape(2)) != y))
    return in.fail("adds " + to_string(*in.shape(2)) + " to " + to_string(y));
  return one(in.dtype(0), y);
}

Result<Outputs> infer(const Softmax& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 1));
  if (in.shape(0) && !normalize_axis(op.axis, in.shape(0)->rank()))
    return in.fail("axis " + std::to_string(op.axis) + " of " + to_string(*in.shape(0)));
  return like_first(in);
}

namespace {

Shape without(const Shape& x, const std::vector<bool>& reduced, bool keep) {
  std::vector<int64_t> dims;
  for (int a = 0; a < x.rank(); ++a) {
    if (!reduced[static_cast<size_t>(a)]) {
      dims.push_back(x[a]);
    } else if (keep) {
      dims.push_back(1);
    }
  }
  return Shape(std::move(dims));
}

}  // namespace

Result<Outputs> infer(const Reduce& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 2));
  SHRIKE_TRY(in.expect_i64(1));
  if (!in.shape(0)) return one(in.dtype(0), std::nullopt);
  const Shape& x = *in.shape(0);
  const auto axes = in.ints(1);
  if (in.has(1) && !axes) return one(in.dtype(0), std::nullopt);
  const bool none_given = !axes || axes->empty();
  if (none_given && op.noop_with_empty_axes != 0) return like_first(in);
  std::vector<bool> reduced(static_cast<size_t>(x.rank()), none_given);
  for (size_t i = 0; !none_given && i < axes->size(); ++i) {
    const std::optional<int> axis = normalize_axis((*axes)[i], x.rank());
    if (!axis) return in.fail("axis " + std::to_string((*axes)[i]) + " of " + to_string(x));
    reduced[static_cast<size_t>(*axis)] = true;
  }
  return one(in.dtype(0), without(x, reduced, op.keepdims != 0));
}

Result<Outputs> infer(const ArgMax& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 1));
  if (!in.shape(0)) return one(DType::kI64, std::nullopt);
  const std::optional<int> axis = normalize_axis(op.axis, in.shape(0)->rank());
  if (!axis) return in.fail("axis " + std::to_string(op.axis) + " of " + to_string(*in.shape(0)));
  std::vector<bool> reduced(static_cast<size_t>(in.shape(0)->rank()), false);
  reduced[static_cast<size_t>(*axis)] = true;
  return one(DType::kI64, without(*in.shape(0), reduced, op.keepdims != 0));
}

Result<Outputs> infer(const CumSum&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 2));
  SHRIKE_TRY(in.expect_indices(1));
  return like_first(in);
}

}  // namespace shrike::infer
