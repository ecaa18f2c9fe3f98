// The output rule against real arithmetic, over every accumulator that lands within its range and
// far beyond it.
#include "kernels/qconv/output_rule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/activation/activation.h"

namespace shrike::kernels {
namespace {

struct Error {
  double most = 0;  // output steps
  double at = 0;    // argument of the activation
};

double exact(const Activation& a, double x) {
  switch (a.kind) {
    case ActivationKind::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case ActivationKind::kSilu:
      return x / (1 + std::exp(-x));
    case ActivationKind::kTanh:
      return std::tanh(x);
    case ActivationKind::kMish:
      return x * std::tanh(std::log1p(std::exp(x)));
    case ActivationKind::kHardSigmoid:
      return std::clamp(static_cast<double>(a.alpha) * x + static_cast<double>(a.beta), 0.0, 1.0);
    case ActivationKind::kHardSwish:
      return x * std::clamp(x / 6 + 0.5, 0.0, 1.0);
    case ActivationKind::kGelu:
      return x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
    default:
      return static_cast<double>(apply_reference(a, static_cast<float>(x)));
  }
}

// Outputs next to the exact ones, as far as those lie in the bytes' range. The range of outputs is
// [low, high].
Error error_of(const Activation& activation, double low, double high, float residual_scale) {
  QConvProblem p;
  p.activation = activation;
  p.out_scale = static_cast<float>((high - low) / 255);
  p.out_zero = static_cast<int>(std::lrint(-low / static_cast<double>(p.out_scale)));
  p.in_scale = 0.02f;
  const bool add = residual_scale > 0;
  p.residual = add ? Residual::kAfterActivation : Residual::kNone;
  p.residual_scale = residual_scale;
  p.residual_zero = 117;
  const OutputRule rule = make_output_rule(p);
  // An accumulator is 1/200 of an output step, so that rounding lands everywhere.
  const float weight_scale = p.out_scale / p.in_scale / 200;
  const float scale = accumulator_scale(p, rule, weight_scale);
  const double unit = static_cast<double>(p.in_scale) * static_cast<double>(weight_scale);
  Error error;
  for (int32_t acc = -200 * 4096; acc <= 200 * 512; acc += 3) {
    const double x = acc * unit;
    const auto residual = static_cast<uint8_t>(static_cast<uint32_t>(acc) * 2654435761u >> 24);
    double value = exact(activation, x);
    if (add) value += (residual - p.residual_zero) * static_cast<double>(residual_scale);
    const double wanted =
        std::clamp(value / static_cast<double>(p.out_scale) + p.out_zero, 0.0, 255.0);
    const double off = std::fabs(output_byte(rule, acc, scale, add, residual) - wanted);
    if (off > error.most) error = {off, x};
  }
  return error;
}

struct RuleCase {
  Activation activation;
  double low, high;
  double allowed;  // beyond half a step
};

class OutputRuleErrors : public ::testing::TestWithParam<RuleCase> {};

TEST_P(OutputRuleErrors, AreLittleMoreThanRounding) {
  const RuleCase& c = GetParam();
  const Error plain = error_of(c.activation, c.low, c.high, 0);
  EXPECT_LE(plain.most, 0.5 + c.allowed) << "at " << plain.at;
  RecordProperty("error", std::to_string(plain.most));
  const auto ratio = static_cast<float>((c.high - c.low) / 255 * 0.83);
  const Error with_residual = error_of(c.activation, c.low, c.high, ratio);
  EXPECT_LE(with_residual.most, 0.5 + c.allowed + 0.05) << "at " << with_residual.at;
  RecordProperty("error_with_residual", std::to_string(with_residual.most));
}

INSTANTIATE_TEST_SUITE_P(
    Ranges, OutputRuleErrors,
    ::testing::Values(RuleCase{{ActivationKind::kNone, 0, 0}, -3, 5, 1e-3},
                      RuleCase{{ActivationKind::kRelu, 0, 0}, 0, 6, 1e-3},
                      RuleCase{{ActivationKind::kLeakyRelu, 0.1f, 0}, -1, 6, 1e-3},
                      RuleCase{leaky_relu(1.5f), -4, 6, 1e-3},
                      RuleCase{{ActivationKind::kClip, 0, 6}, 0, 6, 1e-3},
                      RuleCase{{ActivationKind::kSilu, 0, 0}, -0.2785, 1.2, 0.11},
                      RuleCase{{ActivationKind::kSilu, 0, 0}, -0.2785, 4, 0.07},
                      RuleCase{{ActivationKind::kSilu, 0, 0}, -0.2785, 6, 0.07},
                      RuleCase{{ActivationKind::kSilu, 0, 0}, -0.2785, 20, 0.07},
                      RuleCase{{ActivationKind::kSilu, 0, 0}, -0.2785, 80, 0.07},
                      RuleCase{{ActivationKind::kSilu, 0, 0}, -0.2785, 0.1, 0.01},
                      RuleCase{{ActivationKind::kSilu, 0, 0}, -0.2785, 0, 0.01},
                      RuleCase{{ActivationKind::kSilu, 0, 0}, -0.05, 0.02, 0.01},
                      RuleCase{{ActivationKind::kSilu, 0, 0}, -0.01, 0.01, 0.01},
                      RuleCase{{ActivationKind::kSilu, 0, 0}, -1e-4, 3e-4, 0.01},
                      RuleCase{{ActivationKind::kMish, 0, 0}, -0.309, 8, 0.07},
                      RuleCase{{ActivationKind::kMish, 0, 0}, -0.01, 0.02, 0.01},
                      RuleCase{{ActivationKind::kGelu, 0, 0}, -0.01, 0.02, 0.01},
                      RuleCase{{ActivationKind::kSigmoid, 0, 0}, 0, 0.02, 0.01},
                      RuleCase{{ActivationKind::kTanh, 0, 0}, -0.01, 0.01, 0.01},
                      RuleCase{{ActivationKind::kHardSwish, 0, 0}, -0.02, 0.01, 0.01},
                      RuleCase{{ActivationKind::kGelu, 0, 0}, -0.17, 8, 0.07},
                      RuleCase{{ActivationKind::kSigmoid, 0, 0}, 0, 1, 0.07},
                      RuleCase{{ActivationKind::kTanh, 0, 0}, -1, 1, 0.07},
                      RuleCase{{ActivationKind::kHardSigmoid, 0.2f, 0.5f}, 0, 1, 0.07},
                      RuleCase{{ActivationKind::kHardSwish, 0, 0}, -0.375, 10, 0.07}));

}  // namespace
}  // namespace shrike::kernels
