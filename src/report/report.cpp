#include "report/report.h"

#include "base/excerpt.h"
#include "base/file.h"
#include "report/number.h"
#include "report/picture_pairs.h"
#include "report/score_charts.h"
#include "report/score_json.h"
#include "report/score_tables.h"
#include "report/together.h"
#include "vision/encode.h"

namespace shrike {

namespace {

std::vector<NumberTile> headline_tiles(const ReportModel& model) {
  std::vector<NumberTile> tiles;
  for (const SummaryNumber& number : summary_numbers(model))
    for (const char* key : {"map50_95", "map50", "map75", "precision", "recall", "f1"})
      if (number.key == key)
        tiles.push_back({number.title, fixed(number.value, 3), interval_text(number.interval, 3)});
  return tiles;
}

PageSection scores_section(const ReportModel& model) {
  PageSection section{
      "Scores and speed",
      "Fractions from 0 to 1, computed as COCO does, over " + grouped(model.scores.instances) +
          " objects in " + grouped(model.scores.images) +
          " pictures. The interval says how far a number could be off by the choice of pictures "
          "alone: in 95 of 100 such sets it holds the true one. Speed is the mean of all pictures.",
      {}};
  for (Table table : {summary_page_table(model), speed_table(model.speed)}) {
    table.half = true;
    section.parts.push_back(std::move(table));
  }
  return section;
}

PageSection curves_section(const ReportData& data) {
  const Scores& scores = data.model.scores;
  return {"Curves",
          "",
          {precision_recall_figure(scores, data.names), f1_figure(scores, data.names),
           precision_figure(scores, data.names), recall_figure(scores, data.names)}};
}

PageSection confusion_section(const ReportData& data) {
  constexpr size_t kPairs = 20;
  PageSection section{"Confusion", "", {}};
  section.parts.push_back(confusion_figure(data.confusion, data.confusion_options, data.names));
  section.parts.push_back(confused_pairs_table(data.confusion, data.names, kPairs));
  return section;
}

PageSection classes_section(const ReportData& data) {
  const Scores& scores = data.model.scores;
  PageSection section{"Classes",
                      "Precision, recall and F1 are those at the confidence of the best mean F1.",
                      {class_page_table(scores, data.names)}};
  section.parts.push_back(class_scores_figure(scores, data.names));
  section.parts.push_back(class_instances_figure(scores, data.names));
  return section;
}

PageSection pictures_section(std::vector<PicturePair> pairs) {
  PageSection section{"Pictures", "Left the truth, dashed; right what the model says.", {}};
  for (PicturePair& pair : pairs) section.parts.push_back(std::move(pair));
  return section;
}

Json report_json(const ReportData& data) {
  Json json = head_json(data.head);
  json["model"] = data.model.name;
  json.update(scores_json(data.model, data.names));
  json["curves"] = curves_json(data.model.scores);
  json["confusion"] = data.confusion.classes() > 0
                          ? confusion_json(data.confusion, data.confusion_options, data.names)
                          : Json(nullptr);
  return json;
}

Result<void> write_numbers(const std::filesystem::path& folder, const ReportData& data) {
  const Scores& scores = data.model.scores;
  SHRIKE_TRY(write_file(folder / "report.json", dump_json(report_json(data)) + "\n"));
  SHRIKE_TRY(write_file(folder / "summary.csv", to_csv(summary_file_table(data.model))));
  SHRIKE_TRY(write_file(folder / "per_class.csv", to_csv(class_file_table(scores, data.names))));
  SHRIKE_TRY(write_file(folder / "curves.csv", to_csv(curves_file_table(scores, data.names))));
  if (data.confusion.classes() == 0) return {};
  return write_file(folder / "confusion.csv",
                    to_csv(confusion_file_table(data.confusion, data.names)));
}

Result<void> write_files(const std::filesystem::path& folder, const ReportData& data) {
  SHRIKE_TRY(write_numbers(folder, data));
  Page page{data.head, {{"Model", data.model.name}}, headline_tiles(data.model), {}};
  page.sections.push_back(scores_section(data.model));
  page.sections.push_back(curves_section(data));
  if (data.confusion.classes() > 0) page.sections.push_back(confusion_section(data));
  page.sections.push_back(classes_section(data));

  auto drawn = draw_pictures(data);
  if (!drawn) return in_context("cannot draw the pictures of " + shown_path(folder), drawn.error());
  if (!drawn->grid.empty()) SHRIKE_TRY(write_image(folder / "pictures.jpg", drawn->grid));
  if (!drawn->pairs.empty()) page.sections.push_back(pictures_section(std::move(drawn->pairs)));
  return write_page(folder, page);
}

}  // namespace

Result<void> write_report(const std::filesystem::path& folder, const ReportData& data) {
  return write_together(folder, kPageFile,
                        [&](const std::filesystem::path& into) { return write_files(into, data); });
}

}  // namespace shrike
