// How far a score could be off by the choice of pictures alone: the percentile bootstrap.
//
// B times, as many pictures as there are are drawn with replacement and the score computed again;
// the interval holds the middle 95 % of these scores (Efron and Tibshirani 1993, chapter 13). Two
// models on the same pictures are compared draw by draw: the paired difference is much less
// uncertain than the two scores.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "eval/scores.h"

namespace shrike {

struct Interval {
  double low = 0, high = 0;
};

// One for each headline number.
struct SummaryIntervals {
  std::optional<Interval> map50_95, map50, map75, map_small, map_medium, map_large;
  std::optional<Interval> ar1, ar10, ar100;
  std::optional<Interval> precision, recall, f1;  // at each draw's own best F1
};

struct BootstrapOptions {
  int draws = 1000;
  uint64_t seed = 0;
  int threads = 1;  // the result does not depend on it
};

SummaryIntervals bootstrap(std::span<const PictureMatches> pictures, int class_count,
                           const BootstrapOptions& options);

struct PairedDifference {
  double difference = 0;  // b - a
  Interval interval95;
  double share_above_zero = 0;  // of the draws
};

// b - a on the same pictures in the same order.
struct SummaryDifferences {
  std::optional<PairedDifference> map50_95, map50, map75, map_small, map_medium, map_large;
  std::optional<PairedDifference> ar100, precision, recall, f1;
};

SummaryDifferences compare(std::span<const PictureMatches> a, std::span<const PictureMatches> b,
                           int class_count, const BootstrapOptions& options);

}  // namespace shrike
