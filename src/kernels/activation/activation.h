// Functions of one variable that follow a layer. alpha and beta are the parameters a row below
// names; a kind that names none ignores them.
//
// Formulas and parameter names are those of the ONNX operators of the same name.
#pragma once

#include <cstdint>
#include <string_view>

namespace shrike::kernels {

enum class ActivationKind : uint8_t {
  kNone,
  kRelu,
  kLeakyRelu,       // of slopes up to 1 but 0
  kSteepLeakyRelu,  // of all others: see leaky_relu()
  kClip,
  kSigmoid,
  kSilu,
  kTanh,
  kMish,
  kHardSigmoid,
  kHardSwish,
  kElu,
  kSelu,
  kSoftplus,
  kGelu,
  kGeluTanh,
  kExp,
  kLog,
  kSqrt,
  kReciprocal,
  kNegate,
  kAbs,
  kSquare,
  kFloor,
  kCeil,
  kRound,
  kErf,
};

struct Activation {
  ActivationKind kind = ActivationKind::kNone;
  float alpha = 0;
  float beta = 0;

  bool operator==(const Activation&) const = default;
};

// Of a slope of 1 at most the function is the larger of x and alpha x, which vectors have for less
// than a choice. Others, which no known network has, are a kind of their own; so is 0, as 0 times
// an infinity is no number, which a maximum would hide.
constexpr Activation leaky_relu(float alpha) {
  const bool larger = alpha <= 1 && alpha != 0;
  return {larger ? ActivationKind::kLeakyRelu : ActivationKind::kSteepLeakyRelu, alpha, 0};
}

// Where a map of the output's size is added by a fused kernel, beside its activation.
enum class Residual : uint8_t {
  kNone,              // out = act(s)
  kAfterActivation,   // out = act(s) + residual: YOLO bottlenecks, Darknet shortcuts
  kBeforeActivation,  // out = act(s + residual): ResNet
};

struct ActivationInfo {
  ActivationKind kind;
  std::string_view name;
  float (*reference)(float x, float alpha, float beta);
};

namespace activation_reference {
float none(float x, float alpha, float beta);
float relu(float x, float alpha, float beta);
float leaky_relu(float x, float alpha, float beta);
float clip(float x, float alpha, float beta);
float sigmoid(float x, float alpha, float beta);
float silu(float x, float alpha, float beta);
float tanh(float x, float alpha, float beta);
float mish(float x, float alpha, float beta);
float hard_sigmoid(float x, float alpha, float beta);
float hard_swish(float x, float alpha, float beta);
float elu(float x, float alpha, float beta);
float selu(float x, float alpha, float beta);
float softplus(float x, float alpha, float beta);
float gelu(float x, float alpha, float beta);
float gelu_tanh(float x, float alpha, float beta);
float exp(float x, float alpha, float beta);
float log(float x, float alpha, float beta);
float sqrt(float x, float alpha, float beta);
float reciprocal(float x, float alpha, float beta);
float negate(float x, float alpha, float beta);
float abs(float x, float alpha, float beta);
float square(float x, float alpha, float beta);
float floor(float x, float alpha, float beta);
float ceil(float x, float alpha, float beta);
float round(float x, float alpha, float beta);
float erf(float x, float alpha, float beta);
}  // namespace activation_reference

// In the order of the enumeration.
inline constexpr ActivationInfo kActivations[] = {
    {ActivationKind::kNone, "none", activation_reference::none},                   // x
    {ActivationKind::kRelu, "relu", activation_reference::relu},                   // max(x, 0)
    {ActivationKind::kLeakyRelu, "leaky_relu", activation_reference::leaky_relu},  // x<0: alpha x
    {ActivationKind::kSteepLeakyRelu, "steep_leaky_relu", activation_reference::leaky_relu},
    {ActivationKind::kClip, "clip", activation_reference::clip},  // min(max(x, alpha), beta)
    {ActivationKind::kSigmoid, "sigmoid", activation_reference::sigmoid},  // 1 / (1 + e^-x)
    {ActivationKind::kSilu, "silu", activation_reference::silu},           // x sigmoid(x)
    {ActivationKind::kTanh, "tanh", activation_reference::tanh},
    {ActivationKind::kMish, "mish", activation_reference::mish},  // x tanh(softplus(x))
    {ActivationKind::kHardSigmoid, "hard_sigmoid",                // min(max(alpha x + beta, 0), 1)
     activation_reference::hard_sigmoid},
    {ActivationKind::kHardSwish, "hard_swish",  // x min(max(x / 6 + 1/2, 0), 1)
     activation_reference::hard_swish},
    {ActivationKind::kElu, "elu", activation_reference::elu},     // x<0: alpha (e^x - 1)
    {ActivationKind::kSelu, "selu", activation_reference::selu},  // beta x, x<0: beta alpha (e^x-1)
    {ActivationKind::kSoftplus, "softplus", activation_reference::softplus},  // ln(1 + e^x)
    {ActivationKind::kGelu, "gelu", activation_reference::gelu},  // x/2 (1 + erf(x / sqrt 2))
    {ActivationKind::kGeluTanh, "gelu_tanh",  // x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
     activation_reference::gelu_tanh},
    {ActivationKind::kExp, "exp", activation_reference::exp},
    {ActivationKind::kLog, "log", activation_reference::log},
    {ActivationKind::kSqrt, "sqrt", activation_reference::sqrt},
    {ActivationKind::kReciprocal, "reciprocal", activation_reference::reciprocal},
    {ActivationKind::kNegate, "negate", activation_reference::negate},
    {ActivationKind::kAbs, "abs", activation_reference::abs},
    {ActivationKind::kSquare, "square", activation_reference::square},
    {ActivationKind::kFloor, "floor", activation_reference::floor},
    {ActivationKind::kCeil, "ceil", activation_reference::ceil},
    {ActivationKind::kRound, "round", activation_reference::round},  // halves to even
    {ActivationKind::kErf, "erf", activation_reference::erf},
};

constexpr const ActivationInfo& activation_info(ActivationKind kind) {
  return kActivations[static_cast<int>(kind)];
}

inline float apply_reference(const Activation& activation, float x) {
  return activation_info(activation.kind).reference(x, activation.alpha, activation.beta);
}

}  // namespace shrike::kernels
