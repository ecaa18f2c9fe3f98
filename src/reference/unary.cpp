#include "reference/unary.h"

#include <cmath>
#include <cstdint>

#include "reference/operators.h"

namespace shrike::reference {

namespace {

template <typename T, typename F>
void map(std::span<const T> x, std::span<T> y, F f) {
  for (size_t i = 0; i < x.size(); ++i) y[i] = f(x[i]);
}

// exp(-x) overflows to infinity for very negative x, which gives the right limit 0.
template <typename T>
T sigmoid(T x) {
  return T(1) / (T(1) + std::exp(-x));
}

// ln(1 + e^x), written so that e^x does not overflow.
template <typename T>
T softplus(T x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

template <typename T>
T clamp01(T x) {
  return x < 0 ? T(0) : x > 1 ? T(1) : x;
}

// The functions that are exact, on integers and floats alike. Integers wrap around.
template <typename T>
bool apply_exact(const Unary& op, std::span<const T> x, std::span<T> y) {
  switch (op.kind) {
    case UnaryKind::kIdentity:
      return map(x, y, [](T v) { return v; }), true;
    case UnaryKind::kRelu:
      return map(x, y, [](T v) { return v < 0 ? T(0) : v; }), true;
    case UnaryKind::kAbs:
      if constexpr (std::is_integral_v<T>)
        map(x, y, [](T v) { return v < 0 ? static_cast<T>(0 - static_cast<uint64_t>(v)) : v; });
      else
        map(x, y, [](T v) { return std::fabs(v); });
      return true;
    case UnaryKind::kNeg:
      if constexpr (std::is_integral_v<T>)
        map(x, y, [](T v) { return static_cast<T>(0 - static_cast<uint64_t>(v)); });
      else
        map(x, y, [](T v) { return -v; });
      return true;
    case UnaryKind::kSign:
      return map(x, y, [](T v) { return v > 0 ? T(1) : v < 0 ? T(-1) : v; }), true;
    default:
      return false;
  }
}

// Sigmoid and what is made of it or like it.
template <typename T>
bool apply_activation(const Unary& op, std::span<const T> x, std::span<T> y) {
  const T alpha = static_cast<T>(op.alpha), beta = static_cast<T>(op.beta);
  switch (op.kind) {
    case UnaryKind::kLeakyRelu:
      return map(x, y, [=](T v) { return v < 0 ? alpha * v : v; }), true;
    case UnaryKind::kSigmoid:
      return map(x, y, [](T v) { return sigmoid(v); }), true;
    case UnaryKind::kSilu:
      return map(x, y, [](T v) { return v * sigmoid(v); }), true;
    case UnaryKind::kHardSwish:
      return map(x, y, [](T v) { return v * clamp01(v / T(6) + T(0.5)); }), true;
    case UnaryKind::kHardSigmoid:
      return map(x, y, [=](T v) { return clamp01(alpha * v + beta); }), true;
    case UnaryKind::kMish:
      return map(x, y, [](T v) { return v * std::tanh(softplus(v)); }), true;
    case UnaryKind::kElu:
      return map(x, y, [=](T v) { return v < 0 ? alpha * std::expm1(v) : v; }), true;
    case UnaryKind::kSoftplus:
      return map(x, y, [](T v) { return softplus(v); }), true;
    default:
      return false;
  }
}

// The C library's functions.
template <typename T>
bool apply_math(const Unary& op, std::span<const T> x, std::span<T> y) {
  switch (op.kind) {
    case UnaryKind::kTanh:
      return map(x, y, [](T v) { return std::tanh(v); }), true;
    case UnaryKind::kExp:
      return map(x, y, [](T v) { return std::exp(v); }), true;
    case UnaryKind::kLog:
      return map(x, y, [](T v) { return std::log(v); }), true;
    case UnaryKind::kSqrt:
      return map(x, y, [](T v) { return std::sqrt(v); }), true;
    case UnaryKind::kReciprocal:
      return map(x, y, [](T v) { return T(1) / v; }), true;
    case UnaryKind::kFloor:
      return map(x, y, [](T v) { return std::floor(v); }), true;
    case UnaryKind::kCeil:
      return map(x, y, [](T v) { return std::ceil(v); }), true;
    case UnaryKind::kRound:
      // Halves to even: the rounding mode every program starts in.
      return map(x, y, [](T v) { return std::nearbyint(v); }), true;
    case UnaryKind::kErf:
      return map(x, y, [](T v) { return std::erf(v); }), true;
    case UnaryKind::kSin:
      return map(x, y, [](T v) { return std::sin(v); }), true;
    case UnaryKind::kCos:
      return map(x, y, [](T v) { return std::cos(v); }), true;
    default:
      return false;
  }
}

}  // namespace

template <typename T>
void apply_unary(const Unary& op, std::span<const T> x, std::span<T> y) {
  bool done = apply_exact(op, x, y);
  if constexpr (std::is_floating_point_v<T>)
    done = done || apply_activation(op, x, y) || apply_math(op, x, y);
  assert(done);
  (void)done;
}

template void apply_unary<float>(const Unary&, std::span<const float>, std::span<float>);
template void apply_unary<double>(const Unary&, std::span<const double>, std::span<double>);
template void apply_unary<int64_t>(const Unary&, std::span<const int64_t>, std::span<int64_t>);

Result<Outputs> evaluate(const Unary& op, const Inputs& in) {
  if (op.kind == UnaryKind::kIdentity) return Outputs{in[0]};
  SHRIKE_ASSIGN(Tensor y, in.output());
  if (op.kind == UnaryKind::kNot) {
    SHRIKE_TRY(in.expect_bool(0));
    map(in[0].data<int64_t>(), y.mutable_data<int64_t>(), [](int64_t v) { return int64_t{!v}; });
    return Outputs{std::move(y)};
  }
  if (in.given_dtype(0) == DType::kBool || !takes_integers(op.kind)) SHRIKE_TRY(in.expect_floats());
  with_compute_type(in[0].dtype(), [&]<typename T>() {
    apply_unary<T>(op, in[0].data<T>(), y.mutable_data<T>());
  });
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
