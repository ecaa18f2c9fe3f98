// Element types of tensors. The numbers are ONNX's TensorProto.DataType, so that files need no map.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace shrike {

enum class DType : uint8_t {
  kUndefined = 0,
  kF32 = 1,
  kU8 = 2,
  kI8 = 3,
  kU16 = 4,
  kI16 = 5,
  kI32 = 6,
  kI64 = 7,
  kBool = 9,  // one byte, 0 or 1
  kF16 = 10,
  kF64 = 11,
};

struct DTypeInfo {
  DType type;
  std::string_view name;  // as the graph's text form writes it
  size_t size;            // bytes of one element
};

inline constexpr DTypeInfo kDTypes[] = {
    {DType::kF32, "f32", 4}, {DType::kU8, "u8", 1},     {DType::kI8, "i8", 1},
    {DType::kU16, "u16", 2}, {DType::kI16, "i16", 2},   {DType::kI32, "i32", 4},
    {DType::kI64, "i64", 8}, {DType::kBool, "bool", 1}, {DType::kF16, "f16", 2},
    {DType::kF64, "f64", 8},
};

// Null for a number that is no supported type.
constexpr const DTypeInfo* find_dtype(DType type) {
  for (const DTypeInfo& info : kDTypes)
    if (info.type == type) return &info;
  return nullptr;
}

constexpr size_t dtype_size(DType type) {
  const DTypeInfo* info = find_dtype(type);
  return info ? info->size : 0;
}

constexpr std::string_view dtype_name(DType type) {
  const DTypeInfo* info = find_dtype(type);
  return info ? info->name : std::string_view("undefined");
}

constexpr std::optional<DType> dtype_from_name(std::string_view name) {
  for (const DTypeInfo& info : kDTypes)
    if (info.name == name) return info.type;
  return std::nullopt;
}

constexpr bool is_float(DType type) {
  return type == DType::kF32 || type == DType::kF16 || type == DType::kF64;
}

// The DType of a C++ type; F16 travels as its bits (base/half.h).
template <typename T>
inline constexpr DType kDTypeOf = DType::kUndefined;
template <>
inline constexpr DType kDTypeOf<float> = DType::kF32;
template <>
inline constexpr DType kDTypeOf<double> = DType::kF64;
template <>
inline constexpr DType kDTypeOf<uint8_t> = DType::kU8;
template <>
inline constexpr DType kDTypeOf<int8_t> = DType::kI8;
template <>
inline constexpr DType kDTypeOf<uint16_t> = DType::kU16;
template <>
inline constexpr DType kDTypeOf<int16_t> = DType::kI16;
template <>
inline constexpr DType kDTypeOf<int32_t> = DType::kI32;
template <>
inline constexpr DType kDTypeOf<int64_t> = DType::kI64;
template <>
inline constexpr DType kDTypeOf<bool> = DType::kBool;

}  // namespace shrike
