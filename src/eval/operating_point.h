// Precision, recall and F1 by confidence, and the confidence at which to read them (scores.h).
#pragma once

#include <span>

#include "eval/ranking.h"
#include "eval/scores.h"

namespace shrike {

// Requires an object that counts.
ConfidenceCurves curves_of(const RankedClass& ranked);

OperatingPoint at_point(const ConfidenceCurves& curves, int point);

// The first point at which a moving average of `f1` (kCurvePoints values, the ends repeated) is
// within 1e-9 of its highest.
int best_point(std::span<const double> f1);

}  // namespace shrike
