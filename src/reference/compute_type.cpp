#include "reference/compute_type.h"

#include "base/half.h"

namespace shrike::reference {

namespace {

template <typename To, typename From>
Result<Tensor> copied(const Tensor& x) {
  SHRIKE_ASSIGN(Tensor y, Tensor::make(kDTypeOf<To>, x.shape()));
  const std::span<const From> from = x.data<From>();
  const std::span<To> to = y.mutable_data<To>();
  for (size_t i = 0; i < from.size(); ++i) to[i] = static_cast<To>(from[i]);
  return y;
}

Result<Tensor> from_half(const Tensor& x) {
  SHRIKE_ASSIGN(Tensor y, Tensor::make(DType::kF32, x.shape()));
  const std::span<const uint16_t> from = x.data<uint16_t>();
  const std::span<float> to = y.mutable_data<float>();
  for (size_t i = 0; i < from.size(); ++i) to[i] = half_to_float(from[i]);
  return y;
}

// A bool from a file may hold any byte; reading it as C++ bool would be undefined.
Result<Tensor> from_bool(const Tensor& x) {
  SHRIKE_ASSIGN(Tensor y, Tensor::make(DType::kI64, x.shape()));
  const std::span<const std::byte> from = x.bytes();
  const std::span<int64_t> to = y.mutable_data<int64_t>();
  for (size_t i = 0; i < from.size(); ++i) to[i] = from[i] != std::byte{0};
  return y;
}

template <typename From>
Result<Tensor> narrowed_from(const Tensor& x, DType to) {
  SHRIKE_ASSIGN(Tensor y, Tensor::make(to, x.shape()));
  const std::span<const From> from = x.data<From>();
  const auto fill = [&]<typename To>() {
    const std::span<To> out = y.mutable_data<To>();
    for (size_t i = 0; i < from.size(); ++i) out[i] = converted<To>(from[i]);
  };
  switch (to) {
    case DType::kF32:
      fill.template operator()<float>();
      break;
    case DType::kF64:
      fill.template operator()<double>();
      break;
    case DType::kU8:
      fill.template operator()<uint8_t>();
      break;
    case DType::kI8:
      fill.template operator()<int8_t>();
      break;
    case DType::kU16:
      fill.template operator()<uint16_t>();
      break;
    case DType::kI16:
      fill.template operator()<int16_t>();
      break;
    case DType::kI32:
      fill.template operator()<int32_t>();
      break;
    case DType::kI64:
      fill.template operator()<int64_t>();
      break;
    case DType::kBool: {
      const std::span<std::byte> out = y.mutable_bytes();
      for (size_t i = 0; i < from.size(); ++i) out[i] = std::byte{from[i] != 0};
      break;
    }
    case DType::kF16: {
      const std::span<uint16_t> out = y.mutable_data<uint16_t>();
      for (size_t i = 0; i < from.size(); ++i) out[i] = float_to_half(static_cast<float>(from[i]));
      break;
    }
    case DType::kUndefined:
      break;
  }
  return y;
}

}  // namespace

Result<Tensor> widened(const Tensor& x) {
  switch (x.dtype()) {
    case DType::kF16:
      return from_half(x);
    case DType::kBool:
      return from_bool(x);
    case DType::kU8:
      return copied<int64_t, uint8_t>(x);
    case DType::kI8:
      return copied<int64_t, int8_t>(x);
    case DType::kU16:
      return copied<int64_t, uint16_t>(x);
    case DType::kI16:
      return copied<int64_t, int16_t>(x);
    case DType::kI32:
      return copied<int64_t, int32_t>(x);
    default:
      return x;
  }
}

Result<Tensor> narrowed(const Tensor& x, DType to) {
  if (x.dtype() == to) return x;
  return with_compute_type(x.dtype(), [&]<typename T>() { return narrowed_from<T>(x, to); });
}

}  // namespace shrike::reference
