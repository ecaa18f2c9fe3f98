#include "kernels/qconv/word_rule.h"

#include <algorithm>
#include <cmath>

#include "kernels/qconv/curve.h"

namespace shrike::kernels {

namespace {

double curve_difference(const WordRule& rule, double v) {
  const double t = std::fabs(v) * rule.growth;
  const auto segment = static_cast<int>(std::min(t, kWordSegments - 1.0));
  const double d = std::min(2 * (t - segment) - 1, 1.0);
  const double(&c)[3] = rule.coefficients[v < 0][segment];
  return c[0] + d * (c[1] + d * c[2]);
}

struct Identity {
  static double of(const WordRule&, double v) { return v; }
};
struct Leaky {
  static double of(const WordRule& rule, double v) { return v < 0 ? rule.slope * v : v; }
};
struct Clip {
  static double of(const WordRule& rule, double v) {
    return std::max(rule.low, std::min(rule.high, v));
  }
};
struct Curved {
  static double of(const WordRule& rule, double v) {
    return (rule.follows_relu ? std::max(v, 0.0) : 0.0) - curve_difference(rule, v);
  }
};

// To the nearest, halves to even, of what fits a word.
int16_t round_to_word(double value) {
  constexpr double kRound = 6755399441055744;  // 1.5 * 2^52: adding it rounds to an integer
  return static_cast<int16_t>(std::clamp(value, -32768.0, 32767.0) + kRound - kRound);
}

template <typename Function>
void words(const WordRule& rule, const double* acc, const float* scales, const int16_t* residual,
           int64_t count, int16_t* out) {
  for (int64_t j = 0; j < count; ++j) {
    double value = Function::of(rule, acc[j] * static_cast<double>(scales[j])) * rule.inverse;
    if (rule.add) value = value + rule.ratio * residual[j];
    out[j] = round_to_word(value);
  }
}

template <typename Function>
void floats(const WordRule& rule, const double* acc, const float* scales, int64_t count,
            float* out) {
  for (int64_t j = 0; j < count; ++j)
    out[j] = static_cast<float>(Function::of(rule, acc[j] * static_cast<double>(scales[j])));
}

}  // namespace

const char* word_conv_unsupported(const WordConvProblem& problem) {
  if (problem.residual == Residual::kBeforeActivation)
    return "a residual before the activation has no integer rule";
  if (!curve_of(problem.activation.kind) && !is_straight(problem.activation.kind))
    return "the activation has no integer rule";
  if (problem.floats && problem.residual != Residual::kNone)
    return "floats are written without residual";
  return nullptr;
}

WordRule make_word_rule(const WordConvProblem& problem) {
  WordRule rule;
  const Activation& activation = problem.activation;
  const auto step = static_cast<double>(problem.out_scale);
  rule.add = problem.residual != Residual::kNone;
  rule.inverse = 1 / step;
  rule.ratio = static_cast<double>(problem.residual_scale) / step;
  rule.low = static_cast<double>(activation.alpha);
  rule.high = static_cast<double>(activation.beta);
  if (activation.kind == ActivationKind::kLeakyRelu) rule.slope = rule.low;
  if (activation.kind == ActivationKind::kRelu) rule.slope = 0;
  if (const Curve* curve = curve_of(activation.kind)) {
    rule.kind = RuleKind::kCurveBySign;
    rule.follows_relu = curve->follows_relu;
    const double reach = reach_of(*curve, activation, problem.floats ? 1e-6 : step / 16);
    rule.growth = kWordSegments / reach;
    const std::vector<Quadratic> fitted = fit(*curve, activation, reach, kWordSegments);
    for (int i = 0; i < 2 * kWordSegments; ++i)
      std::copy_n(fitted[static_cast<size_t>(i)].c, 3,
                  rule.coefficients[i / kWordSegments][i % kWordSegments]);
  } else if (activation.kind == ActivationKind::kClip) {
    rule.kind = RuleKind::kClip;
  } else if (activation.kind != ActivationKind::kNone) {
    rule.kind = RuleKind::kLeaky;
  }
  return rule;
}

void finish_words(const WordRule& rule, const double* acc, const float* scales,
                  const int16_t* residual, int64_t count, int16_t* out) {
  switch (rule.kind) {
    case RuleKind::kIdentity:
      return words<Identity>(rule, acc, scales, residual, count, out);
    case RuleKind::kLeaky:
      return words<Leaky>(rule, acc, scales, residual, count, out);
    case RuleKind::kClip:
      return words<Clip>(rule, acc, scales, residual, count, out);
    default:
      return words<Curved>(rule, acc, scales, residual, count, out);
  }
}

void finish_floats(const WordRule& rule, const double* acc, const float* scales, int64_t count,
                   float* out) {
  switch (rule.kind) {
    case RuleKind::kIdentity:
      return floats<Identity>(rule, acc, scales, count, out);
    case RuleKind::kLeaky:
      return floats<Leaky>(rule, acc, scales, count, out);
    case RuleKind::kClip:
      return floats<Clip>(rule, acc, scales, count, out);
    default:
      return floats<Curved>(rule, acc, scales, count, out);
  }
}

}  // namespace shrike::kernels
