#include "reference/operators.h"
#include "reference/quantized_range.h"

namespace shrike::reference {

namespace {

// Which element of the scales belongs to element i of x: the scales repeat along one axis.
struct ScaleIndex {
  int64_t inner = 1;  // elements of x with the same scale in a row
  int64_t count = 1;  // of scales

  size_t operator()(int64_t i) const { return static_cast<size_t>(i / inner % count); }
};

Result<ScaleIndex> scale_index(const Inputs& in, int64_t axis) {
  ScaleIndex index;
  index.count = in[1].size();
  if (index.count == 1) return index;
  SHRIKE_ASSIGN(const int along, in.axis(axis));
  const Shape& x = in[0].shape();
  for (int a = along + 1; a < x.rank(); ++a) index.inner *= x[a];
  return index;
}

}  // namespace

// f16 is computed as f32 (compute_type.h): x / scale is rounded to f32, not to f16.
Result<Outputs> evaluate(const QuantizeLinear& op, const Inputs& in) {
  SHRIKE_ASSIGN(const ScaleIndex index, scale_index(in, op.axis));
  SHRIKE_ASSIGN(Tensor y, in.output());
  const std::span<const float> x = in[0].data<float>(), scales = in[1].data<float>();
  const std::span<const int64_t> zeros = in[2].data<int64_t>();
  const std::span<int64_t> out = y.mutable_data<int64_t>();
  const QuantizedRange range = range_of(in.given_dtype(2));
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t at = index(static_cast<int64_t>(i));
    out[i] = quantized(x[i] / scales[at], zeros[at], range);
  }
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const DequantizeLinear& op, const Inputs& in) {
  SHRIKE_ASSIGN(const ScaleIndex index, scale_index(in, op.axis));
  SHRIKE_ASSIGN(Tensor y, in.output());
  const std::span<const int64_t> q = in[0].data<int64_t>();
  const std::span<const float> scales = in[1].data<float>();
  const std::span<float> out = y.mutable_data<float>();
  for (size_t i = 0; i < q.size(); ++i) {
    const size_t at = index(static_cast<int64_t>(i));
    const int64_t zero = in.has(2) ? in[2].data<int64_t>()[at] : 0;
    out[i] = static_cast<float>(q[i] - zero) * scales[at];
  }
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const QAdd& op, const Inputs& in) {
  SHRIKE_ASSIGN(Tensor y, in.output());
  if (in[0].shape() != in[1].shape()) return in.fail("inputs of different shapes");
  const std::span<const int64_t> a = in[0].data<int64_t>(), b = in[1].data<int64_t>();
  const std::span<int64_t> out = y.mutable_data<int64_t>();
  const auto scaled = [](int64_t q, int64_t zero, float scale) {
    return static_cast<double>(q - zero) * static_cast<double>(scale);
  };
  for (size_t i = 0; i < out.size(); ++i) {
    const double sum = scaled(a[i], op.a_zero, op.a_scale) + scaled(b[i], op.b_zero, op.b_scale);
    out[i] = quantized(sum / static_cast<double>(op.y_scale), op.y_zero, range_of(in.given_dtype(0)));
  }
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const Lookup&, const Inputs& in) {
  SHRIKE_ASSIGN(Tensor y, in.output());
  const std::span<const uint8_t> x = in[0].data<uint8_t>(), table = in[1].data<uint8_t>();
  const std::span<uint8_t> out = y.mutable_data<uint8_t>();
  for (size_t i = 0; i < x.size(); ++i) out[i] = table[x[i]];
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
