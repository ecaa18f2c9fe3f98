#include "kernels/qconv/curve.h"

#include <algorithm>
#include <array>
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

// What a fine curve is fitted to.
double share(ActivationKind kind, double x) {
  const double value = curve_of(kind)->value({}, x);
  return kind == ActivationKind::kSigmoid ? value : value / x;
}

using FineTable = std::array<float, 3 * kFineSegments>;

FineTable fine_table(ActivationKind kind) {
  FineTable table{};
  const double node = std::sqrt(0.75);
  // From the first segment down a curve that follows ReLU is 0.
  for (int s = curve_of(kind)->follows_relu ? 1 : 0; s < kFineSegments; ++s) {
    const auto at = [&](double place) {
      return share(kind, kFineWidth * (s + 0.5 + place / 2 - kFineSegments / 2));
    };
    const double below = at(-node), middle = at(0), above = at(node);
    const double line = (above - below) / (2 * node);
    const double bend = (above + below - 2 * middle) / (2 * node * node);
    const double c[] = {middle - line + bend, 2 * line - 4 * bend, 4 * bend};
    for (int degree = 0; degree < 3; ++degree)
      table[static_cast<size_t>(degree * kFineSegments + s)] = static_cast<float>(c[degree]);
  }
  return table;
}

template <ActivationKind kKind>
const float* made_once() {
  static const FineTable table = fine_table(kKind);
  return table.data();
}

}  // namespace

const float* fine_curve(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kSigmoid:
      return made_once<ActivationKind::kSigmoid>();
    case ActivationKind::kSilu:
      return made_once<ActivationKind::kSilu>();
    case ActivationKind::kTanh:
      return made_once<ActivationKind::kTanh>();
    case ActivationKind::kMish:
      return made_once<ActivationKind::kMish>();
    case ActivationKind::kHardSwish:
      return made_once<ActivationKind::kHardSwish>();
    case ActivationKind::kGelu:
      return made_once<ActivationKind::kGelu>();
    default:
      return nullptr;
  }
}

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
         kind == ActivationKind::kLeakyRelu || kind == ActivationKind::kSteepLeakyRelu ||
         kind == ActivationKind::kClip;
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
