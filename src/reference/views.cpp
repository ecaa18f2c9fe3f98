// Operators that give the same bytes another shape, tell shapes, or fill.
#include <algorithm>
#include <cstring>

#include "reference/operators.h"

namespace shrike::reference {

namespace {

Result<Outputs> with_output_shape(const Inputs& in) {
  SHRIKE_ASSIGN(Shape shape, in.output_shape());
  if (shape.element_count() != in[0].size())
    return in.fail("cannot reshape " + to_string(in[0].shape()) + " to " + to_string(shape));
  return Outputs{in[0].reshaped(std::move(shape))};
}

}  // namespace

Result<Outputs> evaluate(const Reshape&, const Inputs& in) { return with_output_shape(in); }
Result<Outputs> evaluate(const Squeeze&, const Inputs& in) { return with_output_shape(in); }
Result<Outputs> evaluate(const Unsqueeze&, const Inputs& in) { return with_output_shape(in); }
Result<Outputs> evaluate(const Flatten&, const Inputs& in) { return with_output_shape(in); }

Result<Outputs> evaluate(const ShapeOf& op, const Inputs& in) {
  SHRIKE_ASSIGN(Tensor y, in.output());
  const Shape& shape = in[0].shape();
  const ShapeOf::Axes axes = op.axes(shape.rank());
  std::copy(shape.begin() + axes.first, shape.begin() + axes.last,
            y.mutable_data<int64_t>().begin());
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const ConstantOfShape& op, const Inputs& in) {
  SHRIKE_ASSIGN(Tensor y, in.output());
  const std::span<std::byte> bytes = y.mutable_bytes();
  const std::span<const std::byte> value = op.value.bytes();
  for (size_t at = 0; at < bytes.size(); at += value.size())
    std::memcpy(bytes.data() + at, value.data(), value.size());
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const Range&, const Inputs& in) {
  SHRIKE_TRY(in.expect_one_type());
  for (size_t i = 0; i < 3; ++i)
    if (in[i].size() != 1) return in.fail("takes scalars");
  SHRIKE_ASSIGN(Tensor y, in.output());
  with_compute_type(in[0].dtype(), [&]<typename T>() {
    const T start = in[0].data<T>()[0], delta = in[2].data<T>()[0];
    const std::span<T> out = y.mutable_data<T>();
    // Unsigned for integers: the last value is in range, a rounded count must not make it
    // undefined.
    using Sum = std::conditional_t<std::is_integral_v<T>, uint64_t, T>;
    for (size_t i = 0; i < out.size(); ++i)
      out[i] =
          static_cast<T>(static_cast<Sum>(start) + static_cast<Sum>(i) * static_cast<Sum>(delta));
  });
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
