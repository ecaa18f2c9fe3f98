// The functions of two variables: f(a, b) as function objects on one compute type.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "ir/ops/elementwise.h"

namespace shrike::reference {

// Integers wrap around: computed without a sign, where that is defined.
template <typename T>
using Wrapping = std::conditional_t<std::is_integral_v<T>, uint64_t, T>;

// A NaN in either wins, as in NumPy.
struct Larger {
  template <typename T>
  T operator()(T a, T b) const {
    return a > b || a != a ? a : b;
  }
};
struct Smaller {
  template <typename T>
  T operator()(T a, T b) const {
    return a < b || a != a ? a : b;
  }
};

// Toward zero for integers. Requires b != 0 there.
struct Quotient {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>)
      if (b == -1) return static_cast<T>(0 - static_cast<uint64_t>(a));  // INT64_MIN / -1
    return a / b;
  }
};

// With the sign of the dividend (C's fmod). Requires b != 0 for integers.
struct Remainder {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      return b == -1 ? 0 : a % b;
    } else {
      return std::fmod(a, b);
    }
  }
};

// With the sign of the divisor (Python's %). Requires integers and b != 0.
struct Modulus {
  int64_t operator()(int64_t a, int64_t b) const {
    const int64_t rest = Remainder{}(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
};

// Calls use(f) with the function of an operator that gives what it takes.
template <typename T, typename Use>
void with_arithmetic(const Binary& op, Use&& use) {
  switch (op.kind) {
    case BinaryKind::kAdd:
      return use([](T a, T b) { return static_cast<T>(Wrapping<T>(a) + Wrapping<T>(b)); });
    case BinaryKind::kSub:
      return use([](T a, T b) { return static_cast<T>(Wrapping<T>(a) - Wrapping<T>(b)); });
    case BinaryKind::kMul:
      return use([](T a, T b) { return static_cast<T>(Wrapping<T>(a) * Wrapping<T>(b)); });
    case BinaryKind::kDiv:
      return use(Quotient{});
    case BinaryKind::kMax:
      return use(Larger{});
    case BinaryKind::kMin:
      return use(Smaller{});
    case BinaryKind::kMod:
      if constexpr (std::is_integral_v<T>)
        if (op.fmod == 0) return use(Modulus{});
      return use(Remainder{});
    case BinaryKind::kPRelu:
      return use(
          [](T a, T b) { return a < 0 ? static_cast<T>(Wrapping<T>(a) * Wrapping<T>(b)) : a; });
    default:
      break;
  }
  if constexpr (std::is_integral_v<T>) {
    switch (op.kind) {
      case BinaryKind::kAnd:
        return use([](T a, T b) { return T(a && b); });
      case BinaryKind::kOr:
        return use([](T a, T b) { return T(a || b); });
      case BinaryKind::kXor:
        return use([](T a, T b) { return T(!a != !b); });
      default:
        break;
    }
  }
}

// Calls use(f) with the function of a comparison.
template <typename T, typename Use>
void with_comparison(BinaryKind kind, Use&& use) {
  switch (kind) {
    case BinaryKind::kEqual:
      return use([](T a, T b) { return a == b; });
    case BinaryKind::kLess:
      return use([](T a, T b) { return a < b; });
    case BinaryKind::kLessOrEqual:
      return use([](T a, T b) { return a <= b; });
    case BinaryKind::kGreater:
      return use([](T a, T b) { return a > b; });
    case BinaryKind::kGreaterOrEqual:
      return use([](T a, T b) { return a >= b; });
    default:
      break;
  }
}

}  // namespace shrike::reference
