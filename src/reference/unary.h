// The functions of one variable, for Unary and for what follows a convolution.
#pragma once

#include <span>

#include "ir/ops/elementwise.h"

namespace shrike::reference {

// Whether the function is defined on integers: those that neither round nor approximate.
constexpr bool takes_integers(UnaryKind kind) {
  return kind == UnaryKind::kIdentity || kind == UnaryKind::kRelu || kind == UnaryKind::kAbs ||
         kind == UnaryKind::kNeg || kind == UnaryKind::kSign;
}

// y[i] = f(x[i]); x and y may be the same. NaN gives NaN. T is float, double, or int64_t where
// takes_integers(op.kind). Not kNot.
template <typename T>
void apply_unary(const Unary& op, std::span<const T> x, std::span<T> y);

}  // namespace shrike::reference
