#include "eval/operating_point.h"

#include <algorithm>
#include <cassert>
#include <vector>

namespace shrike {

namespace {

constexpr int kHalfWindow = 50;  // points on either side: 101 of 1000
constexpr double kSame = 1e-9;

// Where `detections` are left, `right` of them right, of a class of `objects` objects. `ever`:
// whether there is a detection at any confidence.
OperatingPoint operating_point(uint64_t detections, uint64_t right, uint64_t objects, bool ever) {
  OperatingPoint out;
  const auto tp = static_cast<double>(right);
  out.precision = detections > 0 ? tp / static_cast<double>(detections) : ever ? 1 : 0;
  out.recall = tp / static_cast<double>(objects);
  if (right > 0) out.f1 = 2 * out.precision * out.recall / (out.precision + out.recall);
  return out;
}

}  // namespace

ConfidenceCurves curves_of(const RankedClass& ranked) {
  const RankedRange& range = ranked.ranges[0];
  assert(range.object_count > 0);
  ConfidenceCurves out;
  for (auto* curve : {&out.precision, &out.recall, &out.f1}) curve->resize(kCurvePoints);
  size_t next = 0;
  uint64_t right = 0, ignored = 0;
  for (const PointRun& run : ranked.runs) {
    for (; next < range.decided.size() && range.decided[next].place <= run.place; ++next) {
      right += range.decided[next].right & 1;
      ignored += range.decided[next].ignored & 1;
    }
    const OperatingPoint point =
        operating_point(run.place - ignored, right, range.object_count, !range.pictures.empty());
    for (int i = run.first; i <= run.last; ++i) {
      out.precision[i] = point.precision;
      out.recall[i] = point.recall;
      out.f1[i] = point.f1;
    }
  }
  return out;
}

OperatingPoint at_point(const ConfidenceCurves& curves, int point) {
  return {confidence_at_point(point), curves.precision[point], curves.recall[point],
          curves.f1[point]};
}

int best_point(std::span<const double> f1) {
  assert(f1.size() == kCurvePoints);
  // sums[i]: of the first i values, the ends repeated.
  std::vector<double> sums(kCurvePoints + 2 * kHalfWindow + 1);
  for (int i = 0; i + 1 < static_cast<int>(sums.size()); ++i)
    sums[i + 1] = sums[i] + f1[std::clamp(i - kHalfWindow, 0, kCurvePoints - 1)];
  std::array<double, kCurvePoints> smooth;
  for (int i = 0; i < kCurvePoints; ++i)
    smooth[i] = (sums[i + 2 * kHalfWindow + 1] - sums[i]) / (2 * kHalfWindow + 1);
  const double highest = *std::max_element(smooth.begin(), smooth.end());
  int point = 0;
  while (smooth[point] < highest - kSame) ++point;
  return point;
}

}  // namespace shrike
