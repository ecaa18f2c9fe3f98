// From an exact sum to a word, the same bits everywhere: in doubles, each operation rounded by
// itself.
//
//   v = acc * scale[o],  scale[o] = float(in_scale * weight_scales[o])
//   a = v, v < 0 ? slope * v : v, max(low, min(high, v)), or for curves (max(v, 0) or 0) - r(v)
//   out = round(clamp(a * inverse + ratio * residual, -32768, 32767)), halves to even
//         inverse = 1 / out_scale, ratio = residual_scale / out_scale
//   r is a quadratic in each of 256 equal segments of |v| up to `reach`, by the sign of v:
//   t = |v| * growth,  s = min(floor(t), 255),  d = min(2 (t - s) - 1, 1)
//   r = c0[s] + d * (c1[s] + d * c2[s])
// Floats as output are float(a).
#pragma once

#include <cstdint>

#include "kernels/qconv/output_rule.h"
#include "kernels/qconv/word_conv.h"

namespace shrike::kernels {

inline constexpr int kWordSegments = 256;

struct WordRule {
  RuleKind kind = RuleKind::kIdentity;
  bool add = false;
  bool follows_relu = false;
  double slope = 1, low = 0, high = 0;
  double inverse = 1, ratio = 0;
  double growth = 0;  // segments a unit of |v|
  double coefficients[2][kWordSegments][3] = {};
};

// Requires a problem that word_conv_unsupported() has nothing against.
WordRule make_word_rule(const WordConvProblem& problem);

// out[j] of acc[j], for j < count. Not of one instruction set: all kernels call these.
void finish_words(const WordRule& rule, const double* acc, const float* scales,
                  const int16_t* residual, int64_t count, int16_t* out);
void finish_floats(const WordRule& rule, const double* acc, const float* scales, int64_t count,
                   float* out);

}  // namespace shrike::kernels
