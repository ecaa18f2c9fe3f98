#include "kernels/activation/activation.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace shrike::kernels {

static_assert(std::size(kActivations) == static_cast<size_t>(ActivationKind::kErf) + 1);

namespace activation_reference {

namespace {

// ln(1 + e^x) without overflow, and without losing e^x where it is small.
float log1p_exp(float x) { return std::max(x, 0.0f) + std::log1p(std::exp(-std::fabs(x))); }

constexpr float kSqrtHalf = 0.70710678f;
constexpr float kSqrtTwoOverPi = 0.79788456f;

}  // namespace

// Comparisons are written so that a NaN comes through as a NaN.
float none(float x, float, float) { return x; }
float relu(float x, float, float) { return x < 0 ? 0 : x; }
float leaky_relu(float x, float alpha, float) { return x < 0 ? alpha * x : x; }
float clip(float x, float alpha, float beta) {
  const float raised = x < alpha ? alpha : x;
  return raised > beta ? beta : raised;
}
float sigmoid(float x, float, float) { return 1 / (1 + std::exp(-x)); }
float silu(float x, float, float) { return x / (1 + std::exp(-x)); }
float tanh(float x, float, float) { return std::tanh(x); }
float mish(float x, float, float) { return x * std::tanh(log1p_exp(x)); }
float hard_sigmoid(float x, float alpha, float beta) { return clip(alpha * x + beta, 0, 1); }
float hard_swish(float x, float, float) { return x * clip(x * (1.0f / 6) + 0.5f, 0, 1); }
float elu(float x, float alpha, float) { return x < 0 ? alpha * std::expm1(x) : x; }
float selu(float x, float alpha, float beta) { return beta * (x < 0 ? alpha * std::expm1(x) : x); }
float softplus(float x, float, float) { return log1p_exp(x); }
float gelu(float x, float, float) { return 0.5f * x * (1 + std::erf(x * kSqrtHalf)); }
float gelu_tanh(float x, float, float) {
  return 0.5f * x * (1 + std::tanh(kSqrtTwoOverPi * (x + 0.044715f * x * x * x)));
}
float exp(float x, float, float) { return std::exp(x); }
float log(float x, float, float) { return std::log(x); }
float sqrt(float x, float, float) { return std::sqrt(x); }
float reciprocal(float x, float, float) { return 1 / x; }
float negate(float x, float, float) { return -x; }
float abs(float x, float, float) { return std::fabs(x); }
float square(float x, float, float) { return x * x; }
float floor(float x, float, float) { return std::floor(x); }
float ceil(float x, float, float) { return std::ceil(x); }
float round(float x, float, float) { return std::nearbyint(x); }
float erf(float x, float, float) { return std::erf(x); }

}  // namespace activation_reference

}  // namespace shrike::kernels
