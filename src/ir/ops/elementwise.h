// Operators that work element by element. Binary operators broadcast as NumPy does.
#pragma once

#include <span>

#include "base/dtype.h"
#include "ir/field.h"

namespace shrike {

enum class UnaryKind : uint8_t {
  kIdentity,
  kRelu,
  kLeakyRelu,
  kSigmoid,
  kSilu,
  kHardSwish,
  kHardSigmoid,
  kMish,
  kTanh,
  kElu,
  kSoftplus,
  kExp,
  kLog,
  kSqrt,
  kReciprocal,
  kAbs,
  kNeg,
  kSign,
  kFloor,
  kCeil,
  kRound,
  kErf,
  kSin,
  kCos,
  kNot,
};

// Silu has no ONNX operator: passes make it of x * sigmoid(x), and take it apart for saving.
inline constexpr EnumName<UnaryKind> kUnaryKinds[] = {
    {UnaryKind::kIdentity, "Identity"},
    {UnaryKind::kRelu, "Relu"},
    {UnaryKind::kLeakyRelu, "LeakyRelu"},
    {UnaryKind::kSigmoid, "Sigmoid"},
    {UnaryKind::kSilu, "Silu"},
    {UnaryKind::kHardSwish, "HardSwish"},
    {UnaryKind::kHardSigmoid, "HardSigmoid"},
    {UnaryKind::kMish, "Mish"},
    {UnaryKind::kTanh, "Tanh"},
    {UnaryKind::kElu, "Elu"},
    {UnaryKind::kSoftplus, "Softplus"},
    {UnaryKind::kExp, "Exp"},
    {UnaryKind::kLog, "Log"},
    {UnaryKind::kSqrt, "Sqrt"},
    {UnaryKind::kReciprocal, "Reciprocal"},
    {UnaryKind::kAbs, "Abs"},
    {UnaryKind::kNeg, "Neg"},
    {UnaryKind::kSign, "Sign"},
    {UnaryKind::kFloor, "Floor"},
    {UnaryKind::kCeil, "Ceil"},
    {UnaryKind::kRound, "Round"},
    {UnaryKind::kErf, "Erf"},
    {UnaryKind::kSin, "Sin"},
    {UnaryKind::kCos, "Cos"},
    {UnaryKind::kNot, "Not"},
};
constexpr std::span<const EnumName<UnaryKind>> enum_names(UnaryKind) { return kUnaryKinds; }

// y = f(x). alpha: slope of LeakyRelu, scale of Elu, slope of HardSigmoid; beta: HardSigmoid's
// offset: max(0, min(1, alpha * x + beta)). Zero where the function has no such parameter.
struct Unary {
  UnaryKind kind = UnaryKind::kIdentity;
  float alpha = 0;
  float beta = 0;

  static constexpr auto fields() {
    return std::tuple{field("alpha", &Unary::alpha), field("beta", &Unary::beta)};
  }
  bool operator==(const Unary&) const = default;
};

enum class BinaryKind : uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kPow,
  kMax,
  kMin,
  kMod,
  kPRelu,
  kAnd,
  kOr,
  kXor,
  kEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
};

inline constexpr EnumName<BinaryKind> kBinaryKinds[] = {
    {BinaryKind::kAdd, "Add"},
    {BinaryKind::kSub, "Sub"},
    {BinaryKind::kMul, "Mul"},
    {BinaryKind::kDiv, "Div"},
    {BinaryKind::kPow, "Pow"},
    {BinaryKind::kMax, "Max"},
    {BinaryKind::kMin, "Min"},
    {BinaryKind::kMod, "Mod"},
    {BinaryKind::kPRelu, "PRelu"},
    {BinaryKind::kAnd, "And"},
    {BinaryKind::kOr, "Or"},
    {BinaryKind::kXor, "Xor"},
    {BinaryKind::kEqual, "Equal"},
    {BinaryKind::kLess, "Less"},
    {BinaryKind::kLessOrEqual, "LessOrEqual"},
    {BinaryKind::kGreater, "Greater"},
    {BinaryKind::kGreaterOrEqual, "GreaterOrEqual"},
};
constexpr std::span<const EnumName<BinaryKind>> enum_names(BinaryKind) { return kBinaryKinds; }

constexpr bool is_comparison(BinaryKind kind) { return kind >= BinaryKind::kEqual; }

// y = f(a, b). Comparisons give bool. Mod: sign of the divisor for integers, of the dividend with
// fmod (C's fmod). Integer Div truncates.
struct Binary {
  BinaryKind kind = BinaryKind::kAdd;
  int64_t fmod = 0;

  static constexpr auto fields() { return std::tuple{field("fmod", &Binary::fmod)}; }
  bool operator==(const Binary&) const = default;
};

// y = min(max(x, lo), hi). Inputs: x, optional scalar lo, optional scalar hi.
struct Clip {
  static constexpr std::string_view kName = "Clip";
  bool operator==(const Clip&) const = default;
};

// y = condition ? a : b, all three broadcast.
struct Where {
  static constexpr std::string_view kName = "Where";
  static constexpr bool kNoArithmetic = true;
  bool operator==(const Where&) const = default;
};

// y = x as another element type; float to integer truncates toward zero.
struct Cast {
  static constexpr std::string_view kName = "Cast";
  static constexpr bool kNoArithmetic = true;
  DType to = DType::kF32;

  static constexpr auto fields() { return std::tuple{required_field("to", &Cast::to)}; }
  bool operator==(const Cast&) const = default;
};

}  // namespace shrike
