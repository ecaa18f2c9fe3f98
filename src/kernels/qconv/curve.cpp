#include "kernels/qconv/curve.h"

#include <algorithm>
#include <cmath>

namespace shrike::kernels {

namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double mish(const Activation&, double x) {
  return x * std::tanh(std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))));
}
double hard_swish(const Activation&, double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }
double hard_sigmoid(const Activation& a, double x) {
  return std::clamp(static_cast<double>(a.alpha) * x + static_cast<double>(a.beta), 0.0, 1.0);
}

double difference(const Curve& curve, const Activation& activation, double x) {
  return (curve.follows_relu ? std::max(x, 0.0) : 0.0) - curve.value(activation, x);
}

}  // namespace

const Curve* curve_of(ActivationKind kind) {
  static constexpr Curve kSigmoid{[](const Activation&, double x) { return sigmoid(x); }, false,
                                  true};
  static constexpr Curve kSilu{[](const Activation&, double x) { return x * sigmoid(x); }, true,
                               false};
  static constexpr Curve kTanh{[](const Activation&, double x) { return std::tanh(x); }, false,
                               true};
  static constexpr Curve kMish{mish, true, true};
  static constexpr Curve kHardSigmoid{hard_sigmoid, false, true};
  static constexpr Curve kHardSwish{hard_swish, true, false};
  static constexpr Curve kGelu{
      [](const Activation&, double x) { return x / 2 * std::erfc(-x * std::sqrt(0.5)); }, true,
      false};
  switch (kind) {
    case ActivationKind::kSigmoid:
      return &kSigmoid;
    case ActivationKind::kSilu:
      return &kSilu;
    case ActivationKind::kTanh:
      return &kTanh;
    case ActivationKind::kMish:
      return &kMish;
    case ActivationKind::kHardSigmoid:
      return &kHardSigmoid;
    case ActivationKind::kHardSwish:
      return &kHardSwish;
    case ActivationKind::kGelu:
      return &kGelu;
    default:
      return nullptr;
  }
}

bool is_straight(ActivationKind kind) {
  return kind == ActivationKind::kNone || kind == ActivationKind::kRelu ||
         kind == ActivationKind::kLeakyRelu || kind == ActivationKind::kClip;
}

double reach_of(const Curve& curve, const Activation& activation, double tolerance) {
  constexpr double kStep = 0.5, kFar = 32;
  const double right = difference(curve, activation, kFar);
  const double left = difference(curve, activation, -kFar);
  double reach = kStep;
  while (reach < kFar && (std::fabs(difference(curve, activation, reach) - right) > tolerance ||
                          std::fabs(difference(curve, activation, -reach) - left) > tolerance))
    reach += kStep;
  return reach;
}

std::vector<Quadratic> fit(const Curve& curve, const Activation& activation, double reach,
                           int segments) {
  const double node = std::sqrt(0.75);
  std::vector<Quadratic> result;
  for (int sign = 0; sign < 2; ++sign)
    for (int s = 0; s < segments; ++s) {
      const auto at = [&](double place) {
        const double x = reach * (s + 0.5 + place / 2) / segments;
        return difference(curve, activation, sign ? -x : x);
      };
      const double below = at(-node), middle = at(0), above = at(node);
      result.push_back(
          {{middle, (above - below) / (2 * node), (above + below - 2 * middle) / (2 * node * node)},
           std::max({std::fabs(below), std::fabs(middle), std::fabs(above)})});
    }
  return result;
}

}  // namespace shrike::kernels
