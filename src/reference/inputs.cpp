#include "ir/describe.h"
#include "reference/operators.h"

namespace shrike::reference {

Result<void> Inputs::widen() {
  computes_ = true;
  wide_.resize(given_.size());
  for (size_t i = 0; i < given_.size(); ++i) {
    if (!given_[i]) continue;
    SHRIKE_TRY(expect_within_limit(compute_type(given_[i]->dtype()), given_[i]->shape()));
    SHRIKE_ASSIGN(wide_[i], widened(*given_[i]));
    tensors_[i] = &wide_[i];
  }
  return {};
}

Result<std::vector<int64_t>> Inputs::ints(size_t i) const {
  SHRIKE_ASSIGN(const Tensor wide, indices(i));
  if (wide.shape().rank() > 1)
    return fail("input " + std::to_string(i) + " must be a list, has shape " +
                to_string(wide.shape()));
  const std::span<const int64_t> data = wide.data<int64_t>();
  return std::vector<int64_t>(data.begin(), data.end());
}

Result<Tensor> Inputs::indices(size_t i) const {
  if (!has(i)) return fail("input " + std::to_string(i) + " is missing");
  const Tensor& x = *given_[i];
  if (x.dtype() != DType::kI64 && x.dtype() != DType::kI32)
    return fail("input " + std::to_string(i) + " must hold i64 or i32, holds " +
                std::string(dtype_name(x.dtype())));
  SHRIKE_TRY(expect_within_limit(DType::kI64, x.shape()));
  return widened(x);
}

Result<int64_t> Inputs::one_int(size_t i) const {
  SHRIKE_ASSIGN(const std::vector<int64_t> values, ints(i));
  if (values.size() != 1) return fail("input " + std::to_string(i) + " must be one integer");
  return values[0];
}

Result<int> Inputs::axis(int64_t axis) const {
  const Shape& shape = (*this)[0].shape();
  const std::optional<int> found = normalize_axis(axis, shape.rank());
  if (!found) return fail("axis " + std::to_string(axis) + " of " + to_string(shape));
  return *found;
}

Result<void> Inputs::expect_one_type() const {
  for (size_t i = 1; i < count(); ++i)
    if (has(i) && given_dtype(i) != given_dtype(0))
      return fail("inputs of types " + std::string(dtype_name(given_dtype(0))) + " and " +
                  std::string(dtype_name(given_dtype(i))));
  return {};
}

Result<void> Inputs::expect_floats() const {
  SHRIKE_TRY(expect_one_type());
  if (!is_float(given_dtype(0)))
    return fail("takes floats, not " + std::string(dtype_name(given_dtype(0))));
  return {};
}

Result<void> Inputs::expect_bool(size_t i) const {
  if (given_dtype(i) != DType::kBool)
    return fail("takes bool, not " + std::string(dtype_name(given_dtype(i))));
  return {};
}

Result<Shape> Inputs::output_shape(size_t i) const {
  const std::optional<Shape>& shape = outputs_[i].shape;
  if (!shape || !shape->is_static())
    return fail("the output's shape cannot be told from these inputs");
  return *shape;
}

Result<Tensor> Inputs::output(size_t i) const {
  SHRIKE_ASSIGN(Shape shape, output_shape(i));
  const DType type = outputs_[i].dtype;
  return allocate(computes_ ? compute_type(type) : type, std::move(shape));
}

Result<void> Inputs::expect_within_limit(DType dtype, const Shape& shape) const {
  const std::optional<int64_t> count = shape.element_count();
  if (count && static_cast<size_t>(*count) <= limits_.max_tensor_bytes / dtype_size(dtype))
    return {};
  return fail("a tensor of shape " + to_string(shape) + " is over the limit of " +
              std::to_string(limits_.max_tensor_bytes) + " bytes");
}

Result<Tensor> Inputs::allocate(DType dtype, Shape shape) const {
  SHRIKE_TRY(expect_within_limit(dtype, shape));
  Result<Tensor> tensor = Tensor::make(dtype, std::move(shape));
  if (!tensor) return Error{tensor.error().kind, fail(tensor.error().message).message};
  return tensor;
}

Error Inputs::fail(const std::string& why) const {
  return model_error(describe(node_) + ": " + why);
}

}  // namespace shrike::reference
