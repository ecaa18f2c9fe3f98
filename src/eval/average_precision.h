// One class in one area range at one IoU threshold: its precision by recall, and its recall.
//
// The arithmetic is that of cocoeval.py's accumulate(): precision = TP / (FP + TP + 2^-52), which
// is a hair under 1 for a first detection that is right.
#pragma once

#include <array>
#include <cstdint>

#include "eval/ranking.h"
#include "eval/scores.h"

namespace shrike {

inline constexpr double kPrecisionGuard = 0x1p-52;  // numpy.spacing(1)

using PrecisionAtRecall = std::array<double, kRecallPoints>;

// Both require an object that counts.
PrecisionAtRecall precision_at_recall(const RankedRange& range, int threshold);

// After at most `most` detections a picture.
double recall_within(const RankedRange& range, int threshold, int most);

// AP: the mean over the points of recall.
double mean(const PrecisionAtRecall& precision);

}  // namespace shrike
