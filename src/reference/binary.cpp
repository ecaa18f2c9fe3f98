#include <algorithm>

#include "reference/binary_functions.h"
#include "reference/compute_type.h"
#include "reference/operators.h"
#include "reference/strided.h"

namespace shrike::reference {

namespace {

// y[i] = f(a[i * step_a], b[i * step_b]); the common steps by themselves, so that they vectorise.
template <typename A, typename B, typename Y, typename F>
void binary_row(const A* a, int64_t step_a, const B* b, int64_t step_b, Y* y, int64_t n, F f) {
  if (step_a == 1 && step_b == 1) {
    for (int64_t i = 0; i < n; ++i) y[i] = f(a[i], b[i]);
  } else if (step_a == 1 && step_b == 0) {
    const B right = *b;
    for (int64_t i = 0; i < n; ++i) y[i] = f(a[i], right);
  } else if (step_a == 0 && step_b == 1) {
    const A left = *a;
    for (int64_t i = 0; i < n; ++i) y[i] = f(left, b[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) y[i] = f(a[i * step_a], b[i * step_b]);
  }
}

// Y is what y holds; bools are written as bytes 0 and 1.
template <typename A, typename B, typename Y, typename F>
void binary_all(const Tensor& a, const Tensor& b, Y* y, const Shape& shape, F f) {
  const Walk<2> walk(shape,
                     {broadcast_strides(a.shape(), shape), broadcast_strides(b.shape(), shape)});
  const A* left = a.data<A>().data();
  const B* right = b.data<B>().data();
  walk.for_each_row([&](const std::array<int64_t, 2>& offsets) {
    binary_row(left + offsets[0], walk.row_stride(0), right + offsets[1], walk.row_stride(1), y,
               walk.row(), f);
    y += walk.row();
  });
}

bool contains_zero(const Tensor& x) {
  const std::span<const int64_t> data = x.data<int64_t>();
  return std::find(data.begin(), data.end(), 0) != data.end();
}

// Base and exponent may differ in type; computed in double, as ONNX Runtime does for integers.
void power(const Tensor& a, const Tensor& b, Tensor& y) {
  with_compute_type(a.dtype(), [&]<typename A>() {
    with_compute_type(b.dtype(), [&]<typename B>() {
      binary_all<A, B>(a, b, y.mutable_data<A>().data(), y.shape(), [](A base, B exponent) {
        if constexpr (std::is_floating_point_v<A>)
          if (exponent == B(2)) return base * base;
        return converted<A>(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
      });
    });
  });
}

// The types each operator takes.
Result<void> check_types(const Binary& op, const Inputs& in) {
  const bool logical =
      op.kind == BinaryKind::kAnd || op.kind == BinaryKind::kOr || op.kind == BinaryKind::kXor;
  for (size_t i = 0; i < 2; ++i) {
    if (logical) {
      SHRIKE_TRY(in.expect_bool(i));
    } else if (in.given_dtype(i) == DType::kBool && op.kind != BinaryKind::kEqual) {
      return in.fail("takes numbers, not bool");
    }
  }
  if (op.kind == BinaryKind::kMod && op.fmod == 0 && is_float(in.given_dtype(0)))
    return in.fail("takes floats only with fmod");
  const bool divides = op.kind == BinaryKind::kDiv || op.kind == BinaryKind::kMod;
  if (divides && in[1].dtype() == DType::kI64 && contains_zero(in[1]))
    return in.fail("divides an integer by zero");
  return {};
}

}  // namespace

Result<Outputs> evaluate(const Binary& op, const Inputs& in) {
  SHRIKE_TRY(check_types(op, in));
  SHRIKE_ASSIGN(const Shape shape, in.output_shape());
  if (is_comparison(op.kind)) {
    SHRIKE_ASSIGN(Tensor y, in.allocate(DType::kBool, shape));
    with_compute_type(in[0].dtype(), [&]<typename T>() {
      with_comparison<T>(op.kind, [&](auto f) {
        binary_all<T, T>(in[0], in[1], y.mutable_data<bool>().data(), shape, f);
      });
    });
    return Outputs{std::move(y)};
  }
  SHRIKE_ASSIGN(Tensor y, in.output());
  if (op.kind == BinaryKind::kPow) {
    power(in[0], in[1], y);
    return Outputs{std::move(y)};
  }
  with_compute_type(in[0].dtype(), [&]<typename T>() {
    with_arithmetic<T>(
        op, [&](auto f) { binary_all<T, T>(in[0], in[1], y.mutable_data<T>().data(), shape, f); });
  });
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const Clip&, const Inputs& in) {
  SHRIKE_TRY(in.expect_one_type());
  if (in.given_dtype(0) == DType::kBool) return in.fail("takes numbers, not bool");
  for (size_t i = 1; i < 3; ++i)
    if (in.has(i) && in[i].size() != 1) return in.fail("takes scalar bounds");
  SHRIKE_ASSIGN(Tensor y, in.output());
  with_compute_type(in[0].dtype(), [&]<typename T>() {
    const std::span<const T> x = in[0].data<T>();
    const std::span<T> out = y.mutable_data<T>();
    using Limits = std::numeric_limits<T>;
    constexpr T kMost = Limits::has_infinity ? Limits::infinity() : Limits::max();
    const T lo = in.has(1) ? in[1].data<T>()[0] : std::min(-kMost, Limits::lowest());
    const T hi = in.has(2) ? in[2].data<T>()[0] : kMost;
    for (size_t i = 0; i < x.size(); ++i) {
      const T raised = x[i] < lo ? lo : x[i];
      out[i] = hi < raised ? hi : raised;
    }
  });
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
