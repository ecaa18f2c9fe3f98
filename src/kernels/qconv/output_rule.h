// From an accumulator to an output, the same bits everywhere.
//
// Pieces of straight lines (identity, ReLU, leaky ReLU, clip), in float32, each operation rounded
// by itself to the nearest, halves to even:
//   v = float(acc) * scale[o],  scale[o] = in_scale * weight_scales[o] / out_scale
//   a = v < 0 ? slope * v : v   or   max(low, min(high, v))
//   a = a + ratio * float(residual - residual_zero),  ratio = residual_scale / out_scale
//   out = clamp(round(clamp(a, -32768, 32767)) + out_zero, 0, 255)
// Floats as output are v or a of scale[o] = in_scale * weight_scales[o].
//
// Curves, in 16-bit integers; u in units of an output step / 2^e, the rest in steps / 2^f
// (e = `in_fraction` <= f = `fraction`):
//   u = round(clamp(float(acc) * scale[o] * 2^e, -32768, 32767))
//   a = (clamp(u, 0, most) << lift) - r(u),  lift = f - e
//   a = a + ((residual - residual_zero) * 128 (x) residual_ratio)
//   out = clamp((a + out_zero * 2^f + 2^(f-1)) >> f, 0, 255)
// where sums saturate and p (x) q = (p q + 2^14) >> 15. Curves that follow ReLU (SiLU, GELU, mish,
// hard-swish) are taken as their difference r from it, for others `most` is 0 and r is minus the
// function: a quadratic in each of 16 equal segments of |u|, by the sign of u,
//   t = (min(|u|, reach) << shift) * factor >> 16      |u| on a scale that ends at 2^15
//   s = t >> 11,  d = (t mod 2^11) * 32 - 2^15         segment, place in it from -1 to 1
//   r = c0[s] + (d (x) (c1[s] + (d (x) c2[s])))
// The segments end where r has come within 1/16 step of what it is far away. f is the largest up to
// 7 with which a residual cannot bring saturated sums back into range, e the largest up to f with
// which u reaches the segments' end. docs/decisions/011-integers.md has the errors.
//
// Fine curves, where these 16 bits would lie further than an eighth of a step from the function, as
// where all outputs are small next to its bend: like straight pieces, with
//   v' = max(least, min(far, v)),  p = min(v' * growth + 96, last)
//   a = (v' * times + plus) * (c0[s] + d * (c1[s] + d * c2[s])),  s = trunc(p), d = p - s
// which is v' times the function's share of its argument, or (sigmoid) its value in steps: a
// quadratic in each quarter of the arguments from -24 to 24.
#pragma once

#include <cstdint>

#include "kernels/qconv/qconv.h"

namespace shrike::kernels {

enum class RuleKind : uint8_t {
  kIdentity,
  kLeaky,  // ReLU and leaky ReLU
  kClip,
  kCurve,  // r depends on |u| alone
  kCurveBySign,
  kFineCurve,
};

inline constexpr int kCurveSegments = 16;

struct OutputRule {
  RuleKind kind = RuleKind::kIdentity;
  int16_t out_zero = 0, residual_zero = 0;

  float slope = 1, low = 0, high = 0, ratio = 0;
  float least = 0, far = 0, growth = 0, times = 0, plus = 0;
  const float* fine = nullptr;  // c0, c1, c2 of all segments (curve.h): nobody's to free

  int in_fraction = 0, fraction = 0, lift = 0;
  int shift = 0;
  uint16_t reach = 0, factor = 0;
  int16_t most = 0;
  int16_t residual_ratio = 0;
  int16_t offset = 0;  // out_zero * 2^f + 2^(f-1)
  // c0, c1, c2 of u >= 0, then of u < 0: 32 entries, as one vector of AVX-512 holds them.
  alignas(64) int16_t coefficients[3][2][kCurveSegments] = {};
};

// Requires a problem that qconv_unsupported() has nothing against.
OutputRule make_output_rule(const QConvProblem& problem);

// What acc is multiplied by: scale[o], with its 2^f for curves.
float accumulator_scale(const QConvProblem& problem, const OutputRule& rule, float weight_scale);

// The rule as written above. `residual` is ignored where the problem has none, and for floats.
uint8_t output_byte(const OutputRule& rule, int32_t acc, float scale, bool add, uint8_t residual);
float output_float(const OutputRule& rule, int32_t acc, float scale);

}  // namespace shrike::kernels
