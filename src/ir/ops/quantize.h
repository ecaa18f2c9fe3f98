// Integers that stand for real numbers, real = (q - zero_point) * scale: scale and zero_point are
// single elements, or lists with one for each index of `axis`.
#pragma once

#include "ir/ops/feature_map.h"

namespace shrike {

// Where all scales are within these, layers are computed in integers: what is made of three of them by
// products and ratios neither overflows f32 nor vanishes.
inline constexpr float kLeastScale = 0x1p-40f, kMostScale = 0x1p40f;

// q = saturate(round(x / scale) + zero_point), halves to the even neighbour, x / scale rounded to
// x's type. Inputs: x (f32, f16), scale (of x's type), zero_point (u8, i8, u16, i16: q's type).
struct QuantizeLinear {
  static constexpr std::string_view kName = "QuantizeLinear";
  int64_t axis = 1;
  static constexpr auto fields() { return std::tuple{field("axis", &QuantizeLinear::axis)}; }
  bool operator==(const QuantizeLinear&) const = default;
};

// real = (q - zero_point) * scale. Inputs: q (u8, i8, u16, i16, i32), scale (f32, f16: the result's
// type), optional zero_point (of q's type).
struct DequantizeLinear {
  static constexpr std::string_view kName = "DequantizeLinear";
  int64_t axis = 1;
  static constexpr auto fields() { return std::tuple{field("axis", &DequantizeLinear::axis)}; }
  bool operator==(const DequantizeLinear&) const = default;
};

// A Conv between integers, rounded once:
//   s[o] = bias[o] + sum over i,r,s of (x[...] - x_zero) * w[o,i,r,s]      (exact)
//   v = f(s[o] * x_scale * scales[o]) + (residual - residual_zero) * residual_scale
//   y = saturate(round(v / y_scale) + y_zero), halves to the even neighbour; y = v where y is f32
// Inputs: x (u8, i8, u16, i16), weights (i8, i16), scales (f32, O), optional bias (i32, i64; O),
// optional residual (u8, i8, u16, i16, f32; shape of y). A f32 residual ignores its scale and zero. No ONNX
// operator: passes make it of Conv between DequantizeLinear and QuantizeLinear.
struct QConv : Conv {
  static constexpr std::string_view kName = "QConv";
  float x_scale = 1;
  int64_t x_zero = 0;
  DType to = DType::kF32;  // of y
  float y_scale = 1;
  int64_t y_zero = 0;
  float residual_scale = 1;
  int64_t residual_zero = 0;

  static constexpr auto fields() {
    return std::tuple_cat(
        Conv::fields(),
        std::tuple{field("x_scale", &QConv::x_scale), field("x_zero", &QConv::x_zero),
                   field("to", &QConv::to), field("y_scale", &QConv::y_scale),
                   field("y_zero", &QConv::y_zero), field("residual_scale", &QConv::residual_scale),
                   field("residual_zero", &QConv::residual_zero)});
  }
  bool operator==(const QConv&) const = default;
};

// y = saturate(round(((a - a_zero) * a_scale + (b - b_zero) * b_scale) / y_scale) + y_zero), halves
// to the even neighbour. Inputs: a, b (both u8 or i16, of one shape). Made by passes, as QConv is.
struct QAdd {
  static constexpr std::string_view kName = "QAdd";
  float a_scale = 1, b_scale = 1, y_scale = 1;
  int64_t a_zero = 0, b_zero = 0, y_zero = 0;

  static constexpr auto fields() {
    return std::tuple{field("a_scale", &QAdd::a_scale), field("a_zero", &QAdd::a_zero),
                      field("b_scale", &QAdd::b_scale), field("b_zero", &QAdd::b_zero),
                      field("y_scale", &QAdd::y_scale), field("y_zero", &QAdd::y_zero)};
  }
  bool operator==(const QAdd&) const = default;
};

// y = table[x]. Inputs: x (u8), table (u8, 256). What functions of one byte become.
struct Lookup {
  static constexpr std::string_view kName = "Lookup";
  static constexpr bool kNoArithmetic = true;
  bool operator==(const Lookup&) const = default;
};

}  // namespace shrike
