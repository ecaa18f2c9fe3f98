#include "eval/weighted_precision.h"

#include <algorithm>
#include <bit>

#include "eval/average_precision.h"
#include "eval/scores.h"

namespace shrike {

namespace {

constexpr int kIou75 = 5;

// How many points of recall are at most `recall`, 0..1.
int points_reached(double recall) {
  const int guess = static_cast<int>(recall * (kRecallPoints - 1));  // or one off, by rounding
  int reached = std::max(guess - 1, 0);
  while (reached < kRecallPoints && recall_at_point(reached) <= recall) ++reached;
  return reached;
}

template <typename Add>
void for_each_bit(uint32_t mask, const Add& add) {
  for (; mask != 0; mask &= mask - 1) add(std::countr_zero(mask));
}

void add_times(Sums& sums, const Counts& weights, int times) {
  for (int l = 0; l < kLanes; ++l) sums[l] += static_cast<double>(weights[l]) * times;
}

}  // namespace

Counts weighted_objects(const RankedRange& range, Weights weights) {
  Counts objects;
  for (const PictureObjects& picture : range.objects)
    for (int l = 0; l < kLanes; ++l) objects[l] += picture.count * weights[picture.picture][l];
  return objects;
}

void WeightedPrecision::count(const RankedRange& range, Weights weights) {
  right_ = {};
  ignored_ = {};
  places_.resize(range.decided.size());
  Counts place;
  size_t at = 0;
  for (size_t i = 0; i < range.decided.size(); ++i) {
    const Decided& decided = range.decided[i];
    for (; at < decided.place; ++at) place += weights[range.pictures[at]];
    places_[i] = place;
    const Counts& weight = weights[decided.picture];
    for_each_bit(decided.right, [&](int t) { right_[t] += weight; });
    for_each_bit(decided.ignored, [&](int t) { ignored_[t] += weight; });
  }
}

void WeightedPrecision::tabulate(const Counts& objects) {
  const uint32_t most = *std::max_element(objects.at.begin(), objects.at.end());
  reached_.resize(most + size_t{1});
  reached_[0] = {};
  for (uint32_t right = 1; right <= most; ++right)
    for (int l = 0; l < kLanes; ++l) {
      const double recall = static_cast<double>(right) / std::max(objects[l], 1u);
      reached_[right][l] = static_cast<uint8_t>(points_reached(std::min(recall, 1.0)));
    }
}

// From the lowest confidence up: each right detection gives its precision, or a higher one that
// comes later, to the points of recall that are reached with it.
Sums WeightedPrecision::average_precision(const RankedRange& range, int threshold,
                                          Weights weights) const {
  Counts right = right_[threshold], ignored = ignored_[threshold];
  Sums sum, highest;
  for (size_t i = range.decided.size(); i-- > 0;) {
    const Decided& decided = range.decided[i];
    const Counts& weight = weights[decided.picture];
    if (decided.ignored >> threshold & 1) ignored -= weight;
    if ((decided.right >> threshold & 1) == 0) continue;
    Counts before = right;
    before -= weight;
    for (int l = 0; l < kLanes; ++l) {
      const auto counted = static_cast<double>(static_cast<int32_t>(places_[i][l] - ignored[l]));
      const double precision =
          static_cast<double>(static_cast<int32_t>(right[l])) / (counted + kPrecisionGuard);
      highest[l] = std::max(highest[l], precision);
    }
    for (int l = 0; l < kLanes; ++l)
      sum[l] += highest[l] * (reached_[right[l]][l] - reached_[before[l]][l]);
    right = before;
  }
  for (double& value : sum.at) value /= kRecallPoints;
  return sum;
}

WeightedRange WeightedPrecision::measure(const RankedRange& range, const Counts& objects,
                                         Weights weights) {
  WeightedRange out;
  count(range, weights);
  tabulate(objects);
  for (int t = 0; t < kIouThresholds; ++t) {
    const Sums precision = average_precision(range, t, weights);
    if (t == 0) out.precision50 = precision;
    if (t == kIou75) out.precision75 = precision;
    out.precision += precision;
  }
  for (const Decided& decided : range.decided) {
    const int thresholds = std::popcount(decided.right);
    const Counts& weight = weights[decided.picture];
    add_times(out.recall100, weight, thresholds);
    if (decided.rank < 10) add_times(out.recall10, weight, thresholds);
    if (decided.rank < 1) add_times(out.recall1, weight, thresholds);
  }
  for (double& sum : out.precision.at) sum /= kIouThresholds;
  for (Sums* recall : {&out.recall1, &out.recall10, &out.recall100})
    for (int l = 0; l < kLanes; ++l)
      (*recall)[l] /= static_cast<double>(kIouThresholds) * std::max(objects[l], 1u);
  return out;
}

}  // namespace shrike
