#include "eval/scores.h"

#include <algorithm>

#include "eval/average_precision.h"
#include "eval/operating_point.h"
#include "eval/ranking.h"

namespace shrike {

namespace {

constexpr int kIou75 = 5;  // its index among the thresholds

// Means over the IoU thresholds.
struct RangeMeans {
  double precision = 0;  // AP
  double recall1 = 0, recall10 = 0, recall100 = 0;
};

RangeMeans range_means(const RankedRange& range) {
  RangeMeans out;
  for (int t = 0; t < kIouThresholds; ++t) {
    out.precision += mean(precision_at_recall(range, t));
    out.recall1 += recall_within(range, t, 1);
    out.recall10 += recall_within(range, t, 10);
    out.recall100 += recall_within(range, t, kMaxPerClass);
  }
  for (double* sum : {&out.precision, &out.recall1, &out.recall10, &out.recall100})
    *sum /= kIouThresholds;
  return out;
}

Summary class_summary(const RankedClass& ranked) {
  Summary out;
  const auto& [all, small, medium, large] = ranked.ranges;
  if (all.object_count > 0) {
    const RangeMeans means = range_means(all);
    out.map50_95 = means.precision;
    out.map50 = mean(precision_at_recall(all, 0));
    out.map75 = mean(precision_at_recall(all, kIou75));
    out.ar1 = means.recall1;
    out.ar10 = means.recall10;
    out.ar100 = means.recall100;
  }
  const auto of_range = [](const RankedRange& range, std::optional<double>& precision,
                           std::optional<double>& recall) {
    if (range.object_count == 0) return;
    const RangeMeans means = range_means(range);
    precision = means.precision;
    recall = means.recall100;
  };
  of_range(small, out.map_small, out.ar_small);
  of_range(medium, out.map_medium, out.ar_medium);
  of_range(large, out.map_large, out.ar_large);
  return out;
}

// COCO's means are over thresholds and classes at once: the same, as every class has as many.
Summary mean_summary(const std::vector<ClassScores>& classes) {
  Summary out;
  for (const auto field : kHeadlineFields<double>) {
    double sum = 0;
    int count = 0;
    for (const ClassScores& of_class : classes) {
      if (!(of_class.summary.*field)) continue;
      sum += *(of_class.summary.*field);
      ++count;
    }
    if (count > 0) out.*field = sum / count;
  }
  return out;
}

ClassScores class_scores(const RankedClass& ranked, int class_id) {
  ClassScores out;
  const RankedRange& all = ranked.ranges[0];
  out.class_id = class_id;
  out.instances = all.object_count;
  out.pictures = all.objects.size();
  out.summary = class_summary(ranked);
  if (all.object_count == 0) return out;
  out.precision_at_recall = precision_at_recall(all, 0);
  out.curves = curves_of(ranked);
  return out;
}

ConfidenceCurves mean_curves(const std::vector<ClassScores>& classes) {
  ConfidenceCurves out;
  for (auto curve :
       {&ConfidenceCurves::precision, &ConfidenceCurves::recall, &ConfidenceCurves::f1}) {
    int count = 0;
    for (const ClassScores& of_class : classes) {
      const std::vector<double>& own = of_class.curves.*curve;
      if (own.empty()) continue;
      ++count;
      (out.*curve).resize(kCurvePoints);
      for (int i = 0; i < kCurvePoints; ++i) (out.*curve)[i] += own[i];
    }
    for (double& value : out.*curve) value /= count;
  }
  return out;
}

}  // namespace

Scores score(std::span<const PictureMatches> pictures, int class_count) {
  Scores out;
  out.images = pictures.size();
  const std::vector<RankedClass> ranked = rank_classes(pictures, class_count);
  for (int c = 0; c < class_count; ++c) {
    out.classes.push_back(class_scores(ranked[c], c));
    out.instances += out.classes.back().instances;
  }
  out.summary = mean_summary(out.classes);
  out.curves = mean_curves(out.classes);
  if (out.curves.f1.empty()) return out;
  const int best = best_point(out.curves.f1);
  out.at_best = at_point(out.curves, best);
  for (ClassScores& of_class : out.classes)
    if (!of_class.curves.f1.empty()) of_class.at_best = at_point(of_class.curves, best);
  return out;
}

}  // namespace shrike
