// Precision, recall and F1 by confidence, and the confidence at which to read them (scores.h).
#pragma once

#include <cstdint>
#include <span>

#include "eval/ranking.h"
#include "eval/scores.h"

namespace shrike {

// Where `detections` were kept, `right` of them right, of a class with `objects` > 0 objects.
// `ever`: whether the class was detected at any confidence.
OperatingPoint operating_point(double confidence, uint64_t detections, uint64_t right,
                               uint64_t objects, bool ever);

// Requires an object that counts.
ConfidenceCurves curves_of(const RankedClass& ranked);

OperatingPoint at_point(const ConfidenceCurves& curves, int point);

// The first point at which a moving average of `f1` (kCurvePoints values, the ends repeated) is
// within 1e-9 of its highest.
int best_point(std::span<const double> f1);

}  // namespace shrike
