#include <algorithm>
#include <cmath>

#include "ir/infer/rules.h"

namespace shrike::infer {

Result<Outputs> infer(const Gather& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 2));
  SHRIKE_TRY(in.expect_indices(1));
  if (!in.shape(0) || !in.shape(1)) return one(in.dtype(0), std::nullopt);
  const Shape& x = *in.shape(0);
  const std::optional<int> axis = normalize_axis(op.axis, x.rank());
  if (!axis) return in.fail("axis " + std::to_string(op.axis) + " of " + to_string(x));
  std::vector<int64_t> dims(x.begin(), x.begin() + *axis);
  dims.insert(dims.end(), in.shape(1)->begin(), in.shape(1)->end());
  dims.insert(dims.end(), x.begin() + *axis + 1, x.end());
  return one(in.dtype(0), Shape(std::move(dims)));
}

Result<Outputs> infer(const GatherElements& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 2));
  SHRIKE_TRY(in.expect_indices(1));
  if (in.shape(0) && in.shape(1) &&
      (in.shape(0)->rank() != in.shape(1)->rank() || !normalize_axis(op.axis, in.shape(0)->rank())))
    return in.fail("indices " + to_string(*in.shape(1)) + " into " + to_string(*in.shape(0)));
  return one(in.dtype(0), in.shape(1));
}

Result<Outputs> infer(const GatherND& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 2));
  SHRIKE_TRY(in.expect_indices(1));
  if (!in.shape(0) || !in.shape(1)) return one(in.dtype(0), std::nullopt);
  const Shape &x = *in.shape(0), &indices = *in.shape(1);
  if (indices.rank() < 1 || op.batch_dims < 0 ||
      op.batch_dims >= std::min(x.rank(), indices.rank()))
    return in.fail("indices " + to_string(indices) + " into " + to_string(x));
  const int64_t depth = indices[indices.rank() - 1];
  if (depth == kDynamic) return one(in.dtype(0), std::nullopt);
  const int64_t left = x.rank() - op.batch_dims;  // axes of x that a tuple may index
  if (depth < 1 || depth > left)
    return in.fail("indices " + to_string(indices) + " into " + to_string(x));
  std::vector<int64_t> dims(indices.begin(), indices.end() - 1);
  dims.insert(dims.end(), x.end() - (left - depth), x.end());
  return one(in.dtype(0), Shape(std::move(dims)));
}

Result<Outputs> infer(const ScatterND&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(3, 3));
  SHRIKE_TRY(in.expect_indices(1));
  return like_first(in);
}

Result<Outputs> infer(const ScatterElements&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(3, 3));
  SHRIKE_TRY(in.expect_indices(1));
  return like_first(in);
}

Result<Outputs> infer(const ShapeOf& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 1));
  if (!in.shape(0)) return one(DType::kI64, Shape{kDynamic});
  const ShapeOf::Axes axes = op.axes(in.shape(0)->rank());
  return one(DType::kI64, Shape{axes.last - axes.first});
}

Result<Outputs> infer(const ConstantOfShape& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 1));
  if (op.value.size() != 1) return in.fail("takes a value of one element");
  SHRIKE_TRY(in.expect_i64(0));
  const auto dims = in.ints(0);
  if (!dims) return one(op.value.dtype(), unknown_extents(in.shape(0)));
  for (int64_t dim : *dims)
    if (dim < 0) return in.fail("a negative extent");
  return one(op.value.dtype(), Shape(*dims));
}

Result<Outputs> infer(const Range&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(3, 3));
  double bounds[3];
  for (size_t i = 0; i < 3; ++i) {
    const Tensor* tensor = in.constant(i);
    if (!tensor) return one(in.dtype(0), Shape{kDynamic});
    if (tensor->size() != 1) return in.fail("takes scalars");
    if (tensor->dtype() == DType::kF32) {
      bounds[i] = static_cast<double>(tensor->data<float>()[0]);
    } else if (const auto integer = in.ints(i)) {
      bounds[i] = static_cast<double>((*integer)[0]);
    } else {
      return in.fail("takes floats or integers");
    }
  }
  const double count = std::ceil((bounds[1] - bounds[0]) / bounds[2]);
  if (bounds[2] == 0 || !(count < 1e12)) return in.fail("counts without an end");
  return one(in.dtype(0), Shape{std::max<int64_t>(0, static_cast<int64_t>(std::max(count, -1.0)))});
}

Result<Outputs> infer(const TopK& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 2));
  SHRIKE_TRY(in.expect_i64(1));
  Outputs out{{in.dtype(0), in.shape(0)}, {DType::kI64, in.shape(0)}};
  if (!in.shape(0)) return out;
  const std::optional<int> axis = normalize_axis(op.axis, in.shape(0)->rank());
  if (!axis) return in.fail("axis " + std::to_string(op.axis) + " of " + to_string(*in.shape(0)));
  const auto k = in.ints(1);
  if (k && k->size() != 1) return in.fail("takes one k");
  const int64_t extent = (*in.shape(0))[*axis];
  if (k && ((*k)[0] < 0 || (extent != kDynamic && (*k)[0] > extent)))
    return in.fail("takes the top " + std::to_string((*k)[0]) + " of " + std::to_string(extent));
  for (Inferred& value : out) (*value.shape)[*axis] = k ? (*k)[0] : kDynamic;
  return out;
}

Result<Outputs> infer(const NonZero&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 1));
  if (!in.shape(0)) return one(DType::kI64, Shape{kDynamic, kDynamic});
  return one(DType::kI64, Shape{in.shape(0)->rank(), kDynamic});
}

Result<Outputs> infer(const NonMaxSuppression&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 5));
  SHRIKE_TRY(in.expect_i64(2));
  return one(DType::kI64, Shape{kDynamic, 3});
}

}  // namespace shrike::infer
