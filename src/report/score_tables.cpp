#include "report/score_tables.h"

#include <algorithm>

#include "report/number.h"
#include "vision/class_name.h"

namespace shrike {

namespace {

constexpr std::array<const char*, kHeadlines> kHeadlineTitles{
    "mAP 0.50:0.95", "mAP 0.50", "mAP 0.75",  "mAP small", "mAP medium", "mAP large",
    "AR at 1",       "AR at 10", "AR at 100", "AR small",  "AR medium",  "AR large"};

Number count(uint64_t value) { return {static_cast<double>(value), 0}; }

std::string interval_of(const SummaryNumber& number) { return interval_text(number.interval, 3); }

// What a class has at the confidence of the best mean F1; nothing without objects.
std::optional<double> at_best(const ClassScores& c, double OperatingPoint::*field) {
  if (c.instances == 0) return {};
  return c.at_best.*field;
}

struct ConfidenceCurve {
  const char* name;
  std::vector<double> ConfidenceCurves::*values;
};
constexpr ConfidenceCurve kConfidenceCurves[] = {{"f1", &ConfidenceCurves::f1},
                                                 {"precision", &ConfidenceCurves::precision},
                                                 {"recall", &ConfidenceCurves::recall}};

double six_decimals(double value) { return std::round(value * 1e6) / 1e6; }

// Appends the curves of one class, or of their mean.
void add_curves(Table& table, const TableCell& id, const std::string& name,
                const std::array<double, kRecallPoints>& precision,
                const ConfidenceCurves& curves) {
  const auto add = [&](const char* curve, double x, double y) {
    table.rows.push_back({curve, id, name, Number{six_decimals(x)}, Number{six_decimals(y)}});
  };
  for (int i = 0; i < kRecallPoints; ++i) add("precision_recall", recall_at_point(i), precision[i]);
  constexpr size_t kEvery = 9;  // divides kCurvePoints - 1: both ends are there
  static_assert((kCurvePoints - 1) % kEvery == 0);
  for (const ConfidenceCurve& curve : kConfidenceCurves)
    for (size_t i = 0; i < (curves.*curve.values).size(); i += kEvery)
      add(curve.name, confidence_at_point(static_cast<int>(i)), (curves.*curve.values)[i]);
}

}  // namespace

std::vector<SummaryNumber> summary_numbers(const ReportModel& model) {
  std::vector<SummaryNumber> numbers;
  for (int i = 0; i < kHeadlines; ++i)
    numbers.push_back({kHeadlineNames[i], kHeadlineTitles[i],
                       model.scores.summary.*kHeadlineFields<double>[i],
                       model.intervals.*kHeadlineFields<Interval>[i]});
  const bool any = model.scores.instances > 0;
  const OperatingPoint& best = model.scores.at_best;
  const auto known = [&](double value) { return any ? std::optional(value) : std::nullopt; };
  numbers.push_back(
      {"precision", "Precision at best F1", known(best.precision), model.intervals.precision});
  numbers.push_back({"recall", "Recall at best F1", known(best.recall), model.intervals.recall});
  numbers.push_back({"f1", "Best F1", known(best.f1), model.intervals.f1});
  numbers.push_back({"confidence", "Confidence of best F1", known(best.confidence), {}});
  return numbers;
}

std::string interval_text(const std::optional<Interval>& interval, int digits) {
  if (!interval) return "";
  return fixed(interval->low, digits) + " to " + fixed(interval->high, digits);
}

Table summary_page_table(const ReportModel& model) {
  Table table{{{"Number"}, {"Value", true}, {"95 % interval", true}}, {}};
  for (const SummaryNumber& number : summary_numbers(model))
    table.rows.push_back({number.title, Number{number.value}, interval_of(number)});
  return table;
}

Table summary_file_table(const ReportModel& model) {
  Table table{{{"name"}, {"value", true}, {"low95", true}, {"high95", true}}, {}};
  for (const SummaryNumber& number : summary_numbers(model)) {
    Number low, high;
    if (number.interval) low.value = number.interval->low, high.value = number.interval->high;
    table.rows.push_back({number.key, Number{number.value}, low, high});
  }
  for (const auto& [key, value] :
       {std::pair{"images", model.scores.images}, {"instances", model.scores.instances}})
    table.rows.push_back({key, count(value), Number{}, Number{}});
  return table;
}

Table class_page_table(const Scores& scores, std::span<const std::string> names) {
  Table table{{{"Class"},
               {"Pictures", true},
               {"Objects", true},
               {"AP 0.50:0.95", true},
               {"AP 0.50", true},
               {"AP 0.75", true},
               {"AR at 100", true},
               {"Precision", true},
               {"Recall", true},
               {"F1", true}},
              {}};
  for (const ClassScores& c : scores.classes)
    table.rows.push_back(
        {class_name(names, c.class_id), count(c.pictures), count(c.instances),
         Number{c.summary.map50_95}, Number{c.summary.map50}, Number{c.summary.map75},
         Number{c.summary.ar100}, Number{at_best(c, &OperatingPoint::precision)},
         Number{at_best(c, &OperatingPoint::recall)}, Number{at_best(c, &OperatingPoint::f1)}});
  return table;
}

Table class_file_table(const Scores& scores, std::span<const std::string> names) {
  Table table{{{"class_id", true}, {"name"}, {"images", true}, {"instances", true}}, {}};
  for (const char* name : kHeadlineNames) table.columns.push_back({name, true});
  for (const char* name : {"precision", "recall", "f1"}) table.columns.push_back({name, true});
  for (const ClassScores& c : scores.classes) {
    std::vector<TableCell> row = {Number{static_cast<double>(c.class_id), 0},
                                  class_name(names, c.class_id), count(c.pictures),
                                  count(c.instances)};
    for (const auto field : kHeadlineFields<double>) row.push_back(Number{c.summary.*field});
    for (const auto field :
         {&OperatingPoint::precision, &OperatingPoint::recall, &OperatingPoint::f1})
      row.push_back(Number{at_best(c, field)});
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table curves_file_table(const Scores& scores, std::span<const std::string> names) {
  Table table{{{"curve"}, {"class_id", true}, {"class"}, {"x", true}, {"y", true}}, {}};
  if (scores.instances > 0)
    add_curves(table, Number{}, "all", mean_precision_at_recall(scores), scores.curves);
  for (const ClassScores& c : scores.classes)
    if (c.instances > 0)
      add_curves(table, Number{static_cast<double>(c.class_id), 0}, class_name(names, c.class_id),
                 c.precision_at_recall, c.curves);
  return table;
}

Table speed_table(const ReportSpeed& speed) {
  Table table{{{"Step"}, {"Milliseconds a picture", true}}, {}};
  std::optional<double> total = 0;
  for (const auto& [name, ms] : {std::pair{"Reading the file", speed.read_ms},
                                 {"Preparation", speed.preprocess_ms},
                                 {"Network", speed.inference_ms},
                                 {"Boxes and suppression", speed.postprocess_ms}}) {
    table.rows.push_back({name, Number{ms, 2}});
    total = total && ms ? std::optional(*total + *ms) : std::nullopt;
  }
  table.rows.push_back({"Together", Number{total, 2}});
  return table;
}

Table confused_pairs_table(const ConfusionMatrix& matrix, std::span<const std::string> names,
                           size_t limit) {
  struct Pair {
    int truth, predicted;
    uint64_t count;
  };
  const int background = matrix.classes();
  std::vector<Pair> pairs;
  std::vector<uint64_t> totals(static_cast<size_t>(background) + 1);
  for (int truth = 0; truth <= background; ++truth)
    for (int predicted = 0; predicted <= background; ++predicted) {
      const uint64_t n = matrix.cell(truth, predicted);
      totals[truth] += n;
      if (n > 0 && truth != predicted) pairs.push_back({truth, predicted, n});
    }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.count > b.count; });
  pairs.resize(std::min(pairs.size(), limit));
  Table table{{{"Truth"}, {"Taken for"}, {"Times", true}, {"Share of the truth", true}}, {}};
  for (const Pair& pair : pairs)
    table.rows.push_back(
        {pair.truth == background ? "background" : class_name(names, pair.truth),
         pair.predicted == background ? "not found" : class_name(names, pair.predicted),
         count(pair.count),
         Number{static_cast<double>(pair.count) / static_cast<double>(totals[pair.truth]), 3}});
  return table;
}

Table confusion_file_table(const ConfusionMatrix& matrix, std::span<const std::string> names) {
  const auto name = [&](int id) {
    return id == matrix.classes() ? "background" : class_name(names, id);
  };
  Table table{{{"truth"}}, {}};
  for (int predicted = 0; predicted <= matrix.classes(); ++predicted)
    table.columns.push_back({name(predicted), true});
  for (int truth = 0; truth <= matrix.classes(); ++truth) {
    std::vector<TableCell> row = {name(truth)};
    for (int predicted = 0; predicted <= matrix.classes(); ++predicted)
      row.push_back(count(matrix.cell(truth, predicted)));
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::array<double, kRecallPoints> mean_precision_at_recall(const Scores& scores) {
  std::array<double, kRecallPoints> mean{};
  double classes = 0;
  for (const ClassScores& c : scores.classes) {
    if (c.instances == 0) continue;
    ++classes;
    for (int i = 0; i < kRecallPoints; ++i) mean[i] += c.precision_at_recall[i];
  }
  for (double& value : mean) value = classes > 0 ? value / classes : 0;
  return mean;
}

}  // namespace shrike
