// The operating point at the best F1, for eight weighted sets at once: Scores::at_best of each, up
// to rounding.
#pragma once

#include <array>
#include <vector>

#include "eval/lanes.h"
#include "eval/ranking.h"
#include "eval/scores.h"

namespace shrike {

// Keeps its memory from one set to the next; one for each thread.
class WeightedCurves {
 public:
  void clear();
  // `objects`: weighted_objects() of ranges[0].
  void add(const RankedClass& ranked, const Counts& objects, Weights weights);
  // One a lane; nothing where no class has objects.
  std::array<std::optional<OperatingPoint>, kLanes> best() const;

 private:
  // Sums over classes of precision, recall and F1, as steps from one point to the next: what a
  // class adds is constant over long runs of points.
  struct Step {
    Sums precision, recall, f1;
  };

  void add_run(const PointRun& run, const Counts& left, const Counts& right, const Counts& objects);

  std::vector<Step> steps_;  // kCurvePoints + 1
  Counts classes_;           // that have objects
};

}  // namespace shrike
