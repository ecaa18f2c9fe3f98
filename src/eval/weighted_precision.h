// Average precision and recall of one class in one area range, for eight weighted sets at once: the
// numbers of average_precision.h, up to rounding.
//
// A picture of weight w has its detections w times in a row among those of falling confidence. Its
// right ones then raise recall by w steps at once, which is the same as one by one: precision rises
// with each of them, and is made monotone from the right.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "eval/lanes.h"
#include "eval/ranking.h"

namespace shrike {

// Means over the IoU thresholds, and AP at two of them. Of no meaning in a lane without objects.
struct WeightedRange {
  Sums precision, precision50, precision75;
  Sums recall1, recall10, recall100;
};

// Objects that count.
Counts weighted_objects(const RankedRange& range, Weights weights);

// Keeps its memory from call to call; one for each thread.
class WeightedPrecision {
 public:
  // `objects`: weighted_objects(). Requires a sum of weights times detections below 2^31.
  WeightedRange measure(const RankedRange& range, const Counts& objects, Weights weights);

 private:
  void count(const RankedRange& range, Weights weights);
  void tabulate(const Counts& objects);
  Sums average_precision(const RankedRange& range, int threshold, Weights weights) const;

  std::vector<Counts> places_;  // by decided detection: how many count up to it, itself included
  std::array<Counts, kIouThresholds> right_, ignored_;  // in all
  std::vector<Lanes<uint8_t>> reached_;  // points of recall, by the number of right detections
};

}  // namespace shrike
