// Made-up results that look like a detector's: for tests, and for looking at a report.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "report/report.h"

namespace shrike::made_up {

// Uniform numbers 0..1, the same in every run.
class Noise {
 public:
  explicit Noise(uint32_t seed) : state_(seed) {}
  double next() {
    state_ = state_ * 1664525u + 1013904223u;
    return static_cast<double>(state_ >> 8) / 16777216.0;
  }

 private:
  uint32_t state_;
};

inline std::vector<std::string> names(int classes) {
  const std::array<const char*, 12> words = {"person", "bicycle", "car",   "motorcycle",
                                             "bus",    "train",   "truck", "traffic light",
                                             "dog",    "cat",     "horse", "potted plant"};
  std::vector<std::string> out;
  for (int i = 0; i < classes; ++i)
    out.push_back(std::string(words[i % words.size()]) +
                  (i < 12 ? "" : " " + std::to_string(i / 12 + 1)));
  return out;
}

// Curves of a class that finds `quality` (0..1) of its objects.
inline ClassScores class_scores(int id, double quality, uint64_t instances) {
  ClassScores c;
  c.class_id = id;
  c.instances = instances;
  c.pictures = (instances + 1) / 2;
  if (instances == 0) return c;
  double sum = 0;
  for (int i = 0; i < kRecallPoints; ++i) {
    const double r = recall_at_point(i);
    const double p = r < quality ? 1 - 0.6 * std::pow(r / quality, 3) * (1.2 - quality) : 0;
    c.precision_at_recall[i] = p;
    sum += p;
  }
  for (int i = 0; i < kCurvePoints; ++i) {
    const double t = confidence_at_point(i);
    const double p = 1 - (1 - 0.3 * quality) * std::pow(1 - t, 3);
    const double r = quality * (1 - std::pow(t, 2.5));
    c.curves.precision.push_back(p);
    c.curves.recall.push_back(r);
    c.curves.f1.push_back(p + r > 0 ? 2 * p * r / (p + r) : 0);
  }
  Summary& s = c.summary;
  s.map50 = sum / kRecallPoints;
  s.map50_95 = *s.map50 * 0.66;
  s.map75 = *s.map50 * 0.7;
  s.map_medium = *s.map50 * 0.5;
  s.map_large = *s.map50 * 0.8;
  s.ar1 = quality * 0.4, s.ar10 = quality * 0.6, s.ar100 = quality * 0.7;
  return c;
}

inline void take_means(Scores& scores) {
  double count = 0;
  for (std::vector<double> ConfidenceCurves::*curve :
       {&ConfidenceCurves::f1, &ConfidenceCurves::precision, &ConfidenceCurves::recall})
    (scores.curves.*curve).assign(kCurvePoints, 0);
  for (const ClassScores& c : scores.classes) count += c.instances > 0 ? 1 : 0;
  for (const ClassScores& c : scores.classes) {
    scores.instances += c.instances;
    if (c.instances == 0) continue;
    for (const auto field : kHeadlineFields<double>)
      if (c.summary.*field)
        scores.summary.*field = (scores.summary.*field).value_or(0) + *(c.summary.*field) / count;
    for (int i = 0; i < kCurvePoints; ++i) {
      scores.curves.f1[i] += c.curves.f1[i] / count;
      scores.curves.precision[i] += c.curves.precision[i] / count;
      scores.curves.recall[i] += c.curves.recall[i] / count;
    }
  }
  if (count == 0) scores.curves = {};
}

// Every fifth class of more than three has no objects; quality is 0..1.
inline Scores scores(int classes, double quality, uint32_t seed = 1) {
  Scores scores;
  Noise noise(seed);
  for (int id = 0; id < classes; ++id) {
    const double q = std::clamp(quality + 0.5 * (noise.next() - 0.5), 0.05, 0.99);
    const auto instances = static_cast<uint64_t>(4 + 900 * std::pow(noise.next(), 4));
    scores.classes.push_back(class_scores(id, q, classes > 3 && id % 5 == 4 ? 0 : instances));
  }
  scores.images = 128;
  take_means(scores);
  if (scores.curves.f1.empty()) return scores;
  constexpr int kBest = 300;
  const auto at = [&](const ConfidenceCurves& curves) {
    return OperatingPoint{confidence_at_point(kBest), curves.precision[kBest], curves.recall[kBest],
                          curves.f1[kBest]};
  };
  scores.at_best = at(scores.curves);
  for (ClassScores& c : scores.classes)
    if (c.instances > 0) c.at_best = at(c.curves);
  return scores;
}

inline SummaryIntervals intervals(const Scores& scores) {
  SummaryIntervals out;
  const auto around = [](double value) {
    return Interval{std::max(value - 0.035, 0.0), std::min(value + 0.03, 1.0)};
  };
  for (int i = 0; i < kHeadlines; ++i)
    if (const auto& value = scores.summary.*kHeadlineFields<double>[i])
      out.*kHeadlineFields<Interval>[i] = around(*value);
  if (scores.instances == 0) return out;
  out.precision = around(scores.at_best.precision);
  out.recall = around(scores.at_best.recall);
  out.f1 = around(scores.at_best.f1);
  return out;
}

inline ReportModel model(std::string name, int classes, double quality, uint32_t seed = 1) {
  ReportModel m{std::move(name), scores(classes, quality, seed), {}, {4.5, 3.14159, 21.5, 0.75}};
  m.intervals = intervals(m.scores);
  return m;
}

// Objects of each class stand in a row, some found, some taken for a neighbour, some for nothing.
inline ConfusionMatrix confusion(int classes) {
  ConfusionMatrix matrix(classes);
  Noise noise(7);
  for (int id = 0; id < classes; ++id) {
    std::vector<Truth> truth;
    std::vector<Detection> found;
    const int count = 5 + static_cast<int>(60 * noise.next());
    for (int i = 0; i < count; ++i) {
      const double x = 20.0 * i;
      const auto left = static_cast<float>(x);
      truth.push_back({x, 0, 10, 10, 100, id});
      const double dice = noise.next();
      const int taken_for =
          dice < 0.72 ? id : static_cast<int>(noise.next() * noise.next() * classes);
      if (dice < 0.85) found.push_back({{left, 0, left + 10, 10}, 0.9f, taken_for});
      if (dice > 0.9) found.push_back({{left, 50, left + 10, 60}, 0.8f, id});
    }
    matrix.add(found, truth, {});
  }
  return matrix;
}

inline ReportData report(int classes, double quality = 0.7) {
  ReportData data;
  data.head = {"yolo-example on made-up pictures",
               "made-up.yaml, val",
               "2026-01-31 12:00",
               "a machine, 2 threads",
               "shrike 0.1.0",
               {{"Image size", "640 x 640"}, {"Confidence", "0.001"}},
               {}};
  data.model = model("yolo-example.onnx", classes, quality);
  data.names = names(classes);
  data.confusion = confusion(classes);
  return data;
}

inline ComparisonData comparison(int classes) {
  ComparisonData data;
  data.head = report(1).head;
  data.head.title = "yolo-small against yolo-large";
  data.a = model("yolo-small", classes, 0.6, 1);
  data.b = model("yolo-large", classes, 0.66, 2);
  data.b.speed = {4.5, 3.2, 61.25, 0.8};
  data.names = names(classes);
  data.verdict = "yolo-large is better by 2.1 points of mAP 0.50:0.95 (0.4 to 3.9).";
  for (int i = 0; i < kHeadlines; ++i) {
    const auto &a = data.a.scores.summary.*kHeadlineFields<double>[i],
               &b = data.b.scores.summary.*kHeadlineFields<double>[i];
    if (a && b)
      data.differences.*kHeadlineFields<PairedDifference>[i] =
          PairedDifference{*b - *a, {*b - *a - 0.02, *b - *a + 0.017}, 0.93};
  }
  return data;
}

}  // namespace shrike::made_up
