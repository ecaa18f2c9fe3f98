#include "report/score_json.h"

#include <cmath>

#include "report/score_tables.h"
#include "vision/class_name.h"

namespace shrike {

namespace {

Json interval_json(const std::optional<Interval>& interval) {
  if (!interval) return nullptr;
  return Json::array({json_value(interval->low), json_value(interval->high)});
}

Json class_json(const ClassScores& c, std::span<const std::string> names) {
  Json json = {{"class_id", c.class_id},
               {"name", class_name(names, c.class_id)},
               {"instances", c.instances},
               {"images", c.pictures}};
  for (int i = 0; i < kHeadlines; ++i)
    json[kHeadlineNames[i]] = json_value(c.summary.*kHeadlineFields<double>[i]);
  const auto at_best = [&](double value) { return c.instances > 0 ? json_value(value) : nullptr; };
  json["precision"] = at_best(c.at_best.precision);
  json["recall"] = at_best(c.at_best.recall);
  json["f1"] = at_best(c.at_best.f1);
  return json;
}

Json array_json(const auto& values) {
  Json json = Json::array();
  for (const double value : values) json.push_back(json_value(value));
  return json;
}

}  // namespace

Json json_value(std::optional<double> value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json scores_json(const ReportModel& model, std::span<const std::string> names) {
  Json json = Json::object(), intervals = Json::object();
  for (const SummaryNumber& number : summary_numbers(model)) {
    json[number.key] = json_value(number.value);
    if (number.key != "confidence") intervals[number.key] = interval_json(number.interval);
  }
  json["images"] = model.scores.images;
  json["instances"] = model.scores.instances;
  json["interval95"] = std::move(intervals);
  json["speed_ms"] = {{"read", json_value(model.speed.read_ms)},
                      {"preprocess", json_value(model.speed.preprocess_ms)},
                      {"inference", json_value(model.speed.inference_ms)},
                      {"postprocess", json_value(model.speed.postprocess_ms)}};
  Json& classes = json["per_class"] = Json::array();
  for (const ClassScores& c : model.scores.classes) classes.push_back(class_json(c, names));
  return json;
}

Json curves_json(const Scores& scores) {
  std::vector<double> recall, confidence;
  for (int i = 0; i < kRecallPoints; ++i) recall.push_back(recall_at_point(i));
  for (int i = 0; i < kCurvePoints; ++i) confidence.push_back(confidence_at_point(i));
  return {{"precision_recall",
           {{"recall", array_json(recall)},
            {"precision", array_json(mean_precision_at_recall(scores))}}},
          {"confidence", array_json(confidence)},
          {"f1", array_json(scores.curves.f1)},
          {"precision", array_json(scores.curves.precision)},
          {"recall", array_json(scores.curves.recall)}};
}

Json confusion_json(const ConfusionMatrix& matrix, const ConfusionOptions& options,
                    std::span<const std::string> names) {
  Json labels = Json::array(), counts = Json::array();
  for (int truth = 0; truth <= matrix.classes(); ++truth) {
    labels.push_back(truth == matrix.classes() ? "background" : class_name(names, truth));
    Json row = Json::array();
    for (int predicted = 0; predicted <= matrix.classes(); ++predicted)
      row.push_back(matrix.cell(truth, predicted));
    counts.push_back(std::move(row));
  }
  return {{"names", std::move(labels)},
          {"confidence", json_number(options.confidence)},
          {"iou", json_value(options.iou)},
          {"counts", std::move(counts)}};
}

Json head_json(const ReportHead& head) {
  Json facts = Json::array();
  for (const Fact& fact : head.facts) facts.push_back(Json::array({fact.name, fact.value}));
  return {{"title", head.title},     {"data", head.data},       {"date", head.date},
          {"machine", head.machine}, {"program", head.program}, {"facts", std::move(facts)},
          {"notes", head.notes}};
}

}  // namespace shrike
