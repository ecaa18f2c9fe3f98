#include "ir/infer/rules.h"

namespace shrike::infer {

Result<Outputs> infer(const Unary&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 1));
  return like_first(in);
}

namespace {

// The broadcast of inputs first..last, absent while one is unknown.
Result<std::optional<Shape>> broadcast_inputs(const Inputs& in, size_t first, size_t last) {
  std::optional<Shape> shape = in.shape(first);
  for (size_t i = first + 1; i <= last && shape; ++i) {
    if (!in.shape(i)) return std::optional<Shape>();
    const Shape before = *shape;
    shape = broadcast(before, *in.shape(i));
    if (!shape)
      return in.fail("shapes " + to_string(before) + " and " + to_string(*in.shape(i)) +
                     " do not broadcast");
  }
  return shape;
}

}  // namespace

Result<Outputs> infer(const Binary& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 2));
  if (in.dtype(0) != in.dtype(1) && op.kind != BinaryKind::kPow)
    return in.fail("inputs of types " + std::string(dtype_name(in.dtype(0))) + " and " +
                   std::string(dtype_name(in.dtype(1))));
  SHRIKE_ASSIGN(std::optional<Shape> shape, broadcast_inputs(in, 0, 1));
  return one(is_comparison(op.kind) ? DType::kBool : in.dtype(0), std::move(shape));
}

Result<Outputs> infer(const Clip&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 3));
  return like_first(in);
}

Result<Outputs> infer(const Where&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(3, 3));
  if (in.dtype(0) != DType::kBool || in.dtype(1) != in.dtype(2))
    return in.fail("takes a bool and two inputs of one type");
  SHRIKE_ASSIGN(std::optional<Shape> shape, broadcast_inputs(in, 0, 2));
  return one(in.dtype(1), std::move(shape));
}

Result<Outputs> infer(const Cast& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(1, 1));
  if (dtype_size(op.to) == 0) return in.fail("casts to an element type not supported");
  return one(op.to, in.shape(0));
}

}  // namespace shrike::infer
