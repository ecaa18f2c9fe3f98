// The types that arithmetic is written for: f32, f64 and i64. f16 is computed as f32; bool and the
// narrower integers as i64, whose wrapped results, cut to the narrow type, are the wrapped results
// of that type. So every operator is instantiated two or three times and takes all ten types.
#pragma once

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

// A tensor of a compute type as `to`. Floats become integers by truncation toward zero, saturated
// (ONNX leaves out-of-range values open), NaN becomes 0; integers wrap around; bool is "not 0".
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
