#include "ir/infer/rules.h"

namespace shrike::infer {

namespace {

// Types that both operators take. Biases are i32 sums already and are never made of floats.
bool is_quantized(DType type) {
  return type == DType::kU8 || type == DType::kI8 || type == DType::kU16 || type == DType::kI16;
}

bool is_scale(DType type) { return type == DType::kF32 || type == DType::kF16; }

// The scale (input 1) as one element or a list that fits x's axis, and a zero point like it.
Result<void> expect_parameters(const Inputs& in, int64_t axis) {
  if (!in.shape(1)) return {};
  const Shape& scale = *in.shape(1);
  const auto is_one = [](const Shape& s) { return s.rank() == 0 || (s.rank() == 1 && s[0] == 1); };
  if (in.shape(2) && *in.shape(2) != scale && !(is_one(scale) && is_one(*in.shape(2))))
    return in.fail("zero_point of shape " + to_string(*in.shape(2)) + " for a scale of " +
                   to_string(scale));
  if (scale.rank() > 1) return in.fail("scale of shape " + to_string(scale) + " (in blocks?)");
  if (scale.rank() == 0 || scale[0] == 1 || !in.shape(0)) return {};
  const Shape& x = *in.shape(0);
  const std::optional<int> along = normalize_axis(axis, x.rank());
  if (!along) return in.fail("axis " + std::to_string(axis) + " of " + to_string(x));
  if (x[*along] == scale[0] || x[*along] == kDynamic || scale[0] == kDynamic) return {};
  return in.fail("scale of shape " + to_string(scale) + " for axis " + std::to_string(*along) +
                 " of " + to_string(x));
}

}  // namespace

Result<Outputs> infer(const QuantizeLinear& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(3, 3));
  if (!is_scale(in.dtype(0)) || in.dtype(1) != in.dtype(0))
    return in.fail("takes f32 or f16 and a scale of the same type");
  if (!is_quantized(in.dtype(2)))
    return in.fail("makes no " + std::string(dtype_name(in.dtype(2))));
  SHRIKE_TRY(expect_parameters(in, op.axis));
  return one(in.dtype(2), in.shape(0));
}

Result<Outputs> infer(const DequantizeLinear& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 3));
  if (!is_quantized(in.dtype(0)) && in.dtype(0) != DType::kI32)
    return in.fail("takes no " + std::string(dtype_name(in.dtype(0))));
  if (!is_scale(in.dtype(1))) return in.fail("makes no " + std::string(dtype_name(in.dtype(1))));
  if (in.has(2) && in.dtype(2) != in.dtype(0))
    return in.fail("zero_point of type " + std::string(dtype_name(in.dtype(2))) + " for " +
                   std::string(dtype_name(in.dtype(0))));
  SHRIKE_TRY(expect_parameters(in, op.axis));
  return one(in.dtype(1), in.shape(0));
}

Result<Outputs> infer(const QAdd& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 2));
  const DType type = in.dtype(0);
  if ((type != DType::kU8 && type != DType::kI16) || in.dtype(1) != type)
    return in.fail("takes u8 or i16");
  if (in.shape(0) && in.shape(1) && *in.shape(0) != *in.shape(1))
    return in.fail("shapes " + to_string(*in.shape(0)) + " and " + to_string(*in.shape(1)));
  for (const int64_t zero : {op.a_zero, op.b_zero, op.y_zero})
    if (type == DType::kU8 ? zero < 0 || zero > 255 : zero < -32768 || zero > 32767)
      return in.fail("a zero point that the type has not");
  return one(type, in.shape(0) ? in.shape(0) : in.shape(1));
}

Result<Outputs> infer(const Lookup&, const Inputs& in) {
  SHRIKE_TRY(in.expect_inputs(2, 2));
  if (in.dtype(0) != DType::kU8 || in.dtype(1) != DType::kU8) return in.fail("takes u8");
  if (in.shape(1) && *in.shape(1) != Shape{256})
    return in.fail("table of shape " + to_string(*in.shape(1)));
  return like_first(in);
}

}  // namespace shrike::infer
