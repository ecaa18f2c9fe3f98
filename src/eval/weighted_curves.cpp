#include "eval/weighted_curves.h"

#include <algorithm>

#include "eval/operating_point.h"

namespace shrike {

void WeightedCurves::clear() {
  steps_.assign(kCurvePoints + 1, {});
  classes_ = {};
}

// `left` detections are left over the confidence, `right` of them right. Where none is left
// precision is 1; add() corrects it where there never is one.
void WeightedCurves::add_run(const PointRun& run, const Counts& left, const Counts& right,
                             const Counts& objects) {
  Step step;
  for (int l = 0; l < kLanes; ++l) {
    if (objects[l] == 0) continue;
    const double tp = right[l];
    const double precision = left[l] > 0 ? tp / left[l] : 1, recall = tp / objects[l];
    step.precision[l] = precision;
    step.recall[l] = recall;
    step.f1[l] = right[l] > 0 ? 2 * precision * recall / (precision + recall) : 0;
  }
  Step &from = steps_[run.first], &to = steps_[run.last + 1];
  from.precision += step.precision;
  from.recall += step.recall;
  from.f1 += step.f1;
  to.precision -= step.precision;
  to.recall -= step.recall;
  to.f1 -= step.f1;
}

void WeightedCurves::add(const RankedClass& ranked, const Counts& objects, Weights weights) {
  const RankedRange& range = ranked.ranges[0];
  Counts place, right, ignored;
  size_t at = 0, next = 0;
  for (const PointRun& run : ranked.runs) {
    for (; at < run.place; ++at) place += weights[range.pictures[at]];
    for (; next < range.decided.size() && range.decided[next].place <= run.place; ++next) {
      const Decided& decided = range.decided[next];
      if (decided.right & 1) right += weights[decided.picture];
      if (decided.ignored & 1) ignored += weights[decided.picture];
    }
    Counts left = place;
    left -= ignored;
    add_run(run, left, right, objects);
  }
  for (; at < range.pictures.size(); ++at) place += weights[range.pictures[at]];
  for (int l = 0; l < kLanes; ++l) {
    if (objects[l] == 0) continue;
    ++classes_[l];
    if (place[l] == 0) steps_[0].precision[l] -= 1;
  }
}

std::array<std::optional<OperatingPoint>, kLanes> WeightedCurves::best() const {
  std::array<std::optional<OperatingPoint>, kLanes> out;
  std::vector<double> f1(kCurvePoints);
  for (int l = 0; l < kLanes; ++l) {
    if (classes_[l] == 0) continue;
    double sum = 0;
    for (int i = 0; i < kCurvePoints; ++i) {
      sum += steps_[i].f1[l];
      f1[i] = sum / classes_[l];
    }
    const int best = best_point(f1);
    OperatingPoint& point = out[l].emplace();
    for (int i = 0; i <= best; ++i) {
      point.precision += steps_[i].precision[l];
      point.recall += steps_[i].recall[l];
    }
    point.confidence = confidence_at_point(best);
    point.precision /= classes_[l];
    point.recall /= classes_[l];
    point.f1 = f1[best];
  }
  return out;
}

}  // namespace shrike
