#include "kernels/qconv/output_rule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/qconv/curve.h"

namespace shrike::kernels {

namespace {

constexpr int kMaxFraction = 7;  // 255 steps still fit 16 bits
constexpr double kWords = 32768;
constexpr double kMostResidualRatio = 127;  // has 7 bits before the point
constexpr double kMostError = 0.125;        // of curves in 16 bits, in steps

int16_t to_word(double value) {
  return static_cast<int16_t>(std::lrint(std::clamp(value, 1 - kWords, kWords - 1)));
}

// |u| * growth is t: growth = factor * 2^(shift - 16), factor in 2^15 .. 2^16.
void set_growth(double growth, OutputRule& rule) {
  rule.shift = std::clamp(std::ilogb(growth) + 1, 1, 15);
  const double factor = std::ldexp(growth, 16 - rule.shift);
  rule.factor = static_cast<uint16_t>(std::clamp(std::floor(factor), 1.0, 65535.0));
  const auto place = [&](uint32_t u) { return (u << rule.shift) * rule.factor >> 16; };
  uint32_t last = 0xffffu >> rule.shift;
  while (last > 0 && place(last) > 0x7fff) --last;
  rule.reach = static_cast<uint16_t>(last);
}

void make_curve(const QConvProblem& problem, const Curve& curve, OutputRule& rule) {
  const double step = problem.out_scale;
  const double ratio =
      problem.residual == Residual::kNone ? 0 : static_cast<double>(problem.residual_scale) / step;
  const double reach = reach_of(curve, problem.activation, step / 16);
  const std::vector<Quadratic> fitted = fit(curve, problem.activation, reach, kCurveSegments);
  double most = 256 * (1 + ratio);
  for (const Quadratic& q : fitted) most = std::max(most, q.most / step);
  rule.fraction = kMaxFraction;
  while (rule.fraction > 0 && std::ldexp(most, rule.fraction) > kWords) --rule.fraction;
  rule.in_fraction = rule.fraction;
  while (rule.in_fraction > 0 && std::ldexp(step, 15 - rule.in_fraction) < reach)
    --rule.in_fraction;
  set_growth(std::ldexp(step, 15 - rule.in_fraction) / reach, rule);
  for (int degree = 0; degree < 3; ++degree)
    for (int sign = 0; sign < 2; ++sign)
      for (int s = 0; s < kCurveSegments; ++s)
        rule.coefficients[degree][sign][s] = to_word(
            std::ldexp(fitted[static_cast<size_t>(sign * kCurveSegments + s)].c[degree] / step,
                       rule.fraction));

  rule.lift = rule.fraction - rule.in_fraction;
  rule.most = static_cast<int16_t>(curve.follows_relu ? 0x7fff >> rule.lift : 0);
  rule.residual_ratio = to_word(std::ldexp(ratio, rule.fraction + 8));
  rule.offset = static_cast<int16_t>((problem.out_zero << rule.fraction) +
                                     (rule.fraction > 0 ? 1 << (rule.fraction - 1) : 0));
}

int16_t saturate(int32_t value) { return static_cast<int16_t>(std::clamp(value, -32768, 32767)); }

int16_t multiply_high(int16_t a, int16_t b) { return static_cast<int16_t>((a * b + 0x4000) >> 15); }

int32_t round_to_word(float value) {
  return static_cast<int32_t>(std::nearbyint(std::clamp(value, -32768.0f, 32767.0f)));
}

// NaN as vectors take it: the other operand.
float fine_curve(const OutputRule& rule, float v) {
  constexpr float kHalf = kFineSegments / 2, kLast = kFineSegments - 1.0f / 256;
  v = v < rule.far ? v : rule.far;
  v = v > rule.least ? v : rule.least;
  float place = v * rule.growth + kHalf;
  place = place < kLast ? place : kLast;
  const auto s = static_cast<int>(place);
  const float d = place - static_cast<float>(s);
  const float* c = rule.fine + s;
  const float share = c[0] + d * (c[kFineSegments] + d * c[2 * kFineSegments]);
  return (v * rule.times + rule.plus) * share;
}

float straight(const OutputRule& rule, float value) {
  if (rule.kind == RuleKind::kFineCurve) return fine_curve(rule, value);
  if (rule.kind == RuleKind::kLeaky) return value < 0 ? rule.slope * value : value;
  if (rule.kind == RuleKind::kClip) return std::max(rule.low, std::min(rule.high, value));
  return value;
}

int16_t curve_difference(const OutputRule& rule, int16_t u) {
  const int sign = u < 0;
  const uint32_t size = std::min<uint32_t>(u < 0 ? -u : u, rule.reach);
  const uint32_t t = (size << rule.shift) * rule.factor >> 16;
  const uint32_t segment = t >> 11;
  const auto place = static_cast<int16_t>(static_cast<int32_t>((t & 0x7ff) * 32) - 0x8000);
  const int16_t c0 = rule.coefficients[0][sign][segment];
  const int16_t c1 = rule.coefficients[1][sign][segment];
  const int16_t c2 = rule.coefficients[2][sign][segment];
  const int16_t inner = saturate(c1 + multiply_high(place, c2));
  return saturate(c0 + multiply_high(place, inner));
}

// u and what becomes of it before a residual, in steps / 2^f.
int16_t curve_value(const OutputRule& rule, float scaled) {
  const auto u = static_cast<int16_t>(round_to_word(scaled));
  const int16_t positive = std::clamp<int16_t>(u, 0, rule.most);
  return saturate((positive << rule.lift) - curve_difference(rule, u));
}

// How far the 16 bits of a curve lie from the function at most, in steps, where it is within the
// bytes: looked at across the bend, and where an argument is some hundred steps.
double error_of(const QConvProblem& problem, const Curve& curve, const OutputRule& rule) {
  constexpr int kPoints = 128;  // a side
  constexpr double kFar = 32;
  const double step = problem.out_scale;
  double most = 0;
  for (const double reach : {kFar, 512 * step})
    for (int i = -kPoints; i <= kPoints; ++i) {
      const double x = reach * i / kPoints, wanted = curve.value(problem.activation, x) / step;
      if (wanted + problem.out_zero < -1 || wanted + problem.out_zero > 256) continue;
      const double got =
          std::ldexp(curve_value(rule, static_cast<float>(std::ldexp(x / step, rule.in_fraction))),
                     -rule.fraction);
      most = std::max(most, std::fabs(got - wanted));
    }
  const bool add = problem.residual != Residual::kNone;  // which is rounded, too
  return most + (add ? std::ldexp(0.5, -rule.fraction) : 0);
}

void make_fine(const QConvProblem& problem, const Curve& curve, OutputRule& rule) {
  constexpr double kEnd = kFineWidth * kFineSegments / 2;
  const double step = problem.out_scale;
  rule.kind = RuleKind::kFineCurve;
  rule.in_fraction = 0;
  rule.fine = fine_curve(problem.activation.kind);
  rule.growth = static_cast<float>(step / kFineWidth);
  rule.least = static_cast<float>(-kEnd / step);
  rule.far = curve.follows_relu ? std::numeric_limits<float>::max() : -rule.least;
  const bool value = problem.activation.kind == ActivationKind::kSigmoid;
  rule.times = value ? 0.0f : 1.0f;
  rule.plus = value ? static_cast<float>(1 / step) : 0.0f;
}

}  // namespace

const char* qconv_unsupported(const QConvProblem& problem) {
  if (problem.residual == Residual::kBeforeActivation)
    return "a residual before the activation has no integer rule";
  const bool curve = curve_of(problem.activation.kind) != nullptr;
  if (!curve && !is_straight(problem.activation.kind)) return "the activation has no integer rule";
  const double ratio =
      static_cast<double>(problem.residual_scale) / static_cast<double>(problem.out_scale);
  if (curve && problem.residual != Residual::kNone && ratio > kMostResidualRatio &&
      !fine_curve(problem.activation.kind))
    return "a step of the residual is too many of the output's";
  if (problem.output == QOutput::kFloats && (curve || problem.residual != Residual::kNone))
    return "floats are written without residual and curved activation";
  return nullptr;
}

OutputRule make_output_rule(const QConvProblem& problem) {
  OutputRule rule;
  rule.out_zero = static_cast<int16_t>(problem.out_zero);
  rule.residual_zero = static_cast<int16_t>(problem.residual_zero);
  rule.ratio = problem.residual_scale / problem.out_scale;
  const float step = problem.output == QOutput::kFloats ? 1 : problem.out_scale;
  const Activation& activation = problem.activation;
  if (const Curve* curve = curve_of(activation.kind)) {
    rule.kind = curve->by_sign ? RuleKind::kCurveBySign : RuleKind::kCurve;
    make_curve(problem, *curve, rule);
    if (fine_curve(activation.kind) && error_of(problem, *curve, rule) > kMostError)
      make_fine(problem, *curve, rule);
  } else if (activation.kind == ActivationKind::kClip) {
    rule.kind = RuleKind::kClip;
    rule.low = activation.alpha / step;
    rule.high = activation.beta / step;
  } else if (activation.kind != ActivationKind::kNone) {
    rule.kind = RuleKind::kLeaky;
    rule.slope = activation.kind == ActivationKind::kRelu ? 0 : activation.alpha;
  }
  return rule;
}

float accumulator_scale(const QConvProblem& problem, const OutputRule& rule, float weight_scale) {
  const float scale = problem.in_scale * weight_scale;
  if (problem.output == QOutput::kFloats) return scale;
  return std::ldexp(scale / problem.out_scale, rule.in_fraction);
}

uint8_t output_byte(const OutputRule& rule, int32_t acc, float scale, bool add, uint8_t residual) {
  const float scaled = static_cast<float>(acc) * scale;
  const int32_t distance = residual - rule.residual_zero;
  if (rule.kind != RuleKind::kCurve && rule.kind != RuleKind::kCurveBySign) {
    float value = straight(rule, scaled);
    if (add) value = value + rule.ratio * static_cast<float>(distance);
    return static_cast<uint8_t>(std::clamp(round_to_word(value) + rule.out_zero, 0, 255));
  }
  int16_t value = curve_value(rule, scaled);
  if (add)
    value =
        saturate(value + multiply_high(static_cast<int16_t>(distance * 128), rule.residual_ratio));
  return static_cast<uint8_t>(std::clamp(saturate(value + rule.offset) >> rule.fraction, 0, 255));
}

float output_float(const OutputRule& rule, int32_t acc, float scale) {
  return straight(rule, static_cast<float>(acc) * scale);
}

}  // namespace shrike::kernels
