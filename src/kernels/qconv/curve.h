// The curved activations as what they differ by from straight lines, and quadratics through it.
#pragma once

#include <vector>

#include "kernels/activation/activation.h"

namespace shrike::kernels {

// A function that far away is straight: x on the right and 0 on the left where it follows ReLU,
// constants elsewhere.
struct Curve {
  double (*value)(const Activation&, double x);
  bool follows_relu;
  bool by_sign;
};

// Fine curves: segments a quarter wide of arguments from -24 on.
inline constexpr int kFineSegments = 192;
inline constexpr double kFineWidth = 0.25;

// [3][kFineSegments], for the life of the program: c0 + c1 d + c2 d^2, d from 0 to 1 across a
// segment, of function(x) / x, and of sigmoid(x). Null where a kind has none.
const float* fine_curve(ActivationKind kind);

// Null where a kind is no curve with a rule.
const Curve* curve_of(ActivationKind kind);

// Identity, ReLU, leaky ReLU or clip.
bool is_straight(ActivationKind kind);

// From where on, on both sides, the difference from the straight lines is within `tolerance` of
// what it is far away. In halves, so that the kinks of hard-swish and hard-sigmoid are where
// segments end.
double reach_of(const Curve& curve, const Activation& activation, double tolerance);

// c[0] + c[1] d + c[2] d^2 for d from -1 to 1 across a segment.
struct Quadratic {
  double c[3];
  double most;  // size of the difference there
};

// (max(x, 0) or 0) - the function, in equal segments of x from 0 to reach, then of x from 0 to
// -reach: through the values at three Chebyshev nodes of each.
std::vector<Quadratic> fit(const Curve& curve, const Activation& activation, double reach,
                           int segments);

}  // namespace shrike::kernels
