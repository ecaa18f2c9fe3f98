#include "report/score_charts.h"

#include <algorithm>

#include "report/bar_chart.h"
#include "report/line_chart.h"
#include "report/number.h"
#include "report/score_tables.h"
#include "report/style.h"
#include "vision/class_name.h"

namespace shrike {

namespace {

using ClassList = std::vector<const ClassScores*>;

// With objects, by falling AP of `field`, equal ones in their own order.
ClassList ranked(const Scores& scores, std::optional<double> Summary::*field) {
  ClassList list;
  for (const ClassScores& c : scores.classes)
    if (c.instances > 0) list.push_back(&c);
  std::stable_sort(list.begin(), list.end(), [&](const ClassScores* a, const ClassScores* b) {
    return (a->summary.*field).value_or(0) > (b->summary.*field).value_or(0);
  });
  return list;
}

std::vector<ChartPoint> recall_points(const std::array<double, kRecallPoints>& precision) {
  std::vector<ChartPoint> points;
  for (int i = 0; i < kRecallPoints; ++i) points.push_back({recall_at_point(i), precision[i]});
  return points;
}

std::vector<ChartPoint> confidence_points(const std::vector<double>& values) {
  std::vector<ChartPoint> points;
  for (size_t i = 0; i < values.size(); ++i)
    points.push_back({confidence_at_point(static_cast<int>(i)), values[i]});
  return points;
}

Stroke mean_stroke() { return {{style::kInk}, 3}; }

// Curves of classes below their mean. `value`: what the legend says of a class.
template <typename Points, typename Value>
void add_class_curves(LineChart& chart, const ClassList& classes,
                      std::span<const std::string> names, const Points& points,
                      const Value& value) {
  const bool crowd = classes.size() > kMostNamedCurves;
  for (size_t i = 0; i < classes.size(); ++i) {
    Series series;
    series.points = points(*classes[i]);
    if (crowd) {
      series.stroke = {{style::kAxis, 0.45}, 1};
      if (i == 0) series.name = std::to_string(classes.size()) + " classes";
    } else {
      series.stroke = series_stroke(i, 1.4);
      series.name = class_name(names, classes[i]->class_id);
      series.value = value(*classes[i]);
    }
    chart.series.push_back(std::move(series));
  }
}

LineChart fraction_chart(std::string title, std::string subtitle, std::string x, std::string y) {
  return {std::move(title), std::move(subtitle), {std::move(x), 0, 1}, {std::move(y), 0, 1}, {}};
}

// A curve over confidence, with the point where F1 is best.
struct ConfidenceChart {
  const char* file;
  const char* quantity;
  std::vector<double> ConfidenceCurves::*curve;
  double OperatingPoint::*at_best;
};

Figure draw_confidence(const ConfidenceChart& what, const Scores& scores,
                       std::span<const std::string> names) {
  LineChart chart = fraction_chart(std::string(what.quantity) + " over confidence",
                                   "IoU 0.50; detections below the confidence are left out",
                                   "Confidence", what.quantity);
  const ClassList classes = ranked(scores, &Summary::map50);
  add_class_curves(
      chart, classes, names,
      [&](const ClassScores& c) { return confidence_points(c.curves.*what.curve); },
      [&](const ClassScores& c) { return fixed(c.at_best.*what.at_best, 2); });
  if (!classes.empty()) {
    const OperatingPoint& best = scores.at_best;
    chart.series.push_back({"mean of classes", fixed(best.*what.at_best, 2),
                            confidence_points(scores.curves.*what.curve), mean_stroke()});
    Series mark{"best F1 at", fixed(best.confidence, 2), {{best.confidence, best.*what.at_best}}};
    mark.stroke = {{style::kVermilion}, 2};
    mark.line = false;
    mark.marker = 5;
    chart.series.push_back(std::move(mark));
  }
  return {what.file, chart.title + ", by class and their mean",
          "Numbers in the legend: at the confidence of the best mean F1.", draw(chart), true};
}

std::vector<Bar> class_bars(const ClassList& classes, std::span<const std::string> names,
                            const auto& value, const auto& label) {
  std::vector<Bar> bars;
  for (const ClassScores* c : classes)
    bars.push_back({class_name(names, c->class_id), value(*c), label(*c)});
  return bars;
}

}  // namespace

Figure precision_recall_figure(const Scores& scores, std::span<const std::string> names) {
  LineChart chart = fraction_chart("Precision over recall", "IoU 0.50", "Recall", "Precision");
  const ClassList classes = ranked(scores, &Summary::map50);
  add_class_curves(
      chart, classes, names,
      [](const ClassScores& c) { return recall_points(c.precision_at_recall); },
      [](const ClassScores& c) { return fixed(c.summary.map50, 3); });
  if (!classes.empty())
    chart.series.push_back({"mean of classes", fixed(scores.summary.map50, 3),
                            recall_points(mean_precision_at_recall(scores)), mean_stroke()});
  return {"pr_curve", "Precision over recall, by class and their mean",
          "Numbers in the legend: average precision at IoU 0.50.", draw(chart), true};
}

Figure f1_figure(const Scores& scores, std::span<const std::string> names) {
  return draw_confidence({"f1_curve", "F1", &ConfidenceCurves::f1, &OperatingPoint::f1}, scores,
                         names);
}

Figure precision_figure(const Scores& scores, std::span<const std::string> names) {
  return draw_confidence(
      {"precision_curve", "Precision", &ConfidenceCurves::precision, &OperatingPoint::precision},
      scores, names);
}

Figure recall_figure(const Scores& scores, std::span<const std::string> names) {
  return draw_confidence(
      {"recall_curve", "Recall", &ConfidenceCurves::recall, &OperatingPoint::recall}, scores,
      names);
}

Figure class_scores_figure(const Scores& scores, std::span<const std::string> names) {
  BarChart chart{"Average precision by class", "IoU 0.50 to 0.95", 1, {}, style::kBlue};
  chart.bars = class_bars(
      ranked(scores, &Summary::map50_95), names,
      [](const ClassScores& c) { return c.summary.map50_95.value_or(0); },
      [](const ClassScores& c) { return fixed(c.summary.map50_95, 3); });
  return {"class_scores", "Average precision of each class, the best on top", "", draw(chart),
          true};
}

Figure class_instances_figure(const Scores& scores, std::span<const std::string> names) {
  ClassList classes = ranked(scores, &Summary::map50_95);
  std::stable_sort(classes.begin(), classes.end(), [](const ClassScores* a, const ClassScores* b) {
    return a->instances > b->instances;
  });
  BarChart chart{"Objects by class",
                 grouped(scores.instances) + " in " + grouped(scores.images) + " pictures",
                 0,
                 {},
                 style::kSky};
  chart.bars = class_bars(
      classes, names, [](const ClassScores& c) { return static_cast<double>(c.instances); },
      [](const ClassScores& c) { return grouped(c.instances); });
  return {"class_instances", "Number of objects of each class, the most frequent on top", "",
          draw(chart), true};
}

Figure precision_recall_comparison(const std::vector<NamedScores>& models) {
  LineChart chart = fraction_chart("Precision over recall", "IoU 0.50, mean of the classes",
                                   "Recall", "Precision");
  for (size_t i = 0; i < models.size(); ++i)
    chart.series.push_back({models[i].name, fixed(models[i].scores->summary.map50, 3),
                            recall_points(mean_precision_at_recall(*models[i].scores)),
                            series_stroke(i, 2.5)});
  return {"pr_curve", "Precision over recall of each model",
          "Numbers in the legend: mAP at IoU 0.50.", draw(chart), true};
}

}  // namespace shrike
