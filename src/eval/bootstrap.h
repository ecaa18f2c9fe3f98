// How far a score could be off by the choice of pictures alone: the percentile bootstrap.
//
// B times, as many pictures as there are are drawn with replacement and the score computed again;
// the interval holds the middle 95 % of these scores (Efron and Tibshirani 1993, chapter 13). Two
// models on the same pictures are compared draw by draw: the paired difference is much less
// uncertain than the two scores.
// A draw in which a number does not exist (no class has an object that counts) is left out of that
// number's interval.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "eval/scores.h"

namespace shrike {

struct Interval {
  double low = 0, high = 0;
};

// One for each headline number.
struct SummaryIntervals : Headlines<Interval> {
  std::optional<Interval> precision, recall, f1;  // at each draw's own best F1
};

struct BootstrapOptions {
  int draws = 1000;
  uint64_t seed = 0;
  int threads = 1;  // the result does not depend on it
  // Asked between draws by every thread, so at the same time; once it says true no further draw is
  // made, and the result has no interval and no difference. Empty: never.
  std::function<bool()> stopped = {};
};

// As score(): `pictures` in order, class_count > every class id in them.
SummaryIntervals bootstrap(std::span<const PictureMatches> pictures, int class_count,
                           const BootstrapOptions& options);

struct PairedDifference {
  double difference = 0;  // b - a
  Interval interval95;
  double share_above_zero = 0;  // of the draws
};

struct SummaryDifferences : Headlines<PairedDifference> {
  std::optional<PairedDifference> precision, recall, f1;
};

// b - a. Requires the same pictures in the same order: as many of a as of b.
SummaryDifferences compare(std::span<const PictureMatches> a, std::span<const PictureMatches> b,
                           int class_count, const BootstrapOptions& options);

}  // namespace shrike
