// The types that arithmetic is written for: f32, f64 and i64. f16 is computed as f32; bool and the
// narrower integers as i64, whose wrapped results, cut to the narrow type, are the wrapped results
// of that type. So every operator is instantiated two or three times and takes all ten types.
#pragma once

#include <limits>
#include <type_traits>
#include <utility>

#include "base/tensor.h"

namespace shrike::reference {

constexpr DType compute_type(DType type) {
  switch (type) {
    case DType::kF32:
    case DType::kF16:
      return DType::kF32;
    case DType::kF64:
      return DType::kF64;
    default:
      return DType::kI64;
  }
}

// The same values in the compute type; shares the bytes when that is the type already.
Result<Tensor> widened(const Tensor& x);

// A float as an integer: toward zero, saturated (ONNX leaves out-of-range values open), NaN as 0.
template <typename To, typename From>
To saturated(From value) {
  if (value != value) return 0;
  // 2^bits is exact in every float type, the largest integer is not.
  constexpr From kEnd = static_cast<From>(std::numeric_limits<To>::max() / 2 + 1) * 2;
  constexpr From kLowest = static_cast<From>(std::numeric_limits<To>::min());
  if (value >= kEnd) return std::numeric_limits<To>::max();
  if (value <= kLowest) return std::numeric_limits<To>::min();
  return static_cast<To>(value);
}

// One compute type's value as another type; integers wrap around.
template <typename To, typename From>
To converted(From value) {
  if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    return saturated<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

// A tensor of a compute type as `to`, converted() element by element; bool is "not 0".
Result<Tensor> narrowed(const Tensor& x, DType to);

// call.template operator()<T>() for T = float, double or int64_t, as the compute type `type` says.
template <typename Call>
auto with_compute_type(DType type, Call&& call) {
  if (type == DType::kF32) return std::forward<Call>(call).template operator()<float>();
  if (type == DType::kF64) return std::forward<Call>(call).template operator()<double>();
  assert(type == DType::kI64);
  return std::forward<Call>(call).template operator()<int64_t>();
}

template <typename Call>
auto with_float_type(DType type, Call&& call) {
  if (type == DType::kF32) return std::forward<Call>(call).template operator()<float>();
  assert(type == DType::kF64);
  return std::forward<Call>(call).template operator()<double>();
}

}  // namespace shrike::reference
