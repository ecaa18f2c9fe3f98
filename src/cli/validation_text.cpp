#include "cli/validation_text.h"

#include <algorithm>
#include <cstdio>

#include "base/excerpt.h"
#include "cli/table_text.h"
#include "report/comparison_tables.h"
#include "report/number.h"
#include "report/score_json.h"
#include "report/score_tables.h"

namespace shrike {

namespace {

Json skipped_json(const ValidationRun& run, const Validation& validation) {
  Json rows = Json::array();
  for (const SkippedPicture& skipped : validation.skipped)
    rows.push_back({{"image", run.dataset.samples[skipped.sample].picture.string()},
                    {"reason", skipped.reason}});
  return rows;
}

double images_per_second(const Validation& validation, double seconds) {
  return static_cast<double>(validation.scored.size()) / std::max(seconds, 1e-9);
}

std::string count_of(size_t count, const char* what) {
  return grouped(count) + " " + what + (count == 1 ? "" : "s");
}

// The classes that have objects, and how many have none.
std::string class_text(Scores scores, const std::vector<std::string>& names) {
  const size_t all = scores.classes.size();
  std::erase_if(scores.classes, [](const ClassScores& c) { return c.instances == 0; });
  const size_t without = all - scores.classes.size();
  std::string text = table_text(class_page_table(scores, names));
  if (without > 0)
    text += std::to_string(without) + " of " + std::to_string(all) +
            " classes have no objects in this split\n";
  return text;
}

}  // namespace

std::string validation_json(const ValidationRun& run, const Validation& validation,
                            const ReportData& report, const RunSpeed& speed) {
  Json json = {{"model", report.model.name},
               {"data", run.dataset.source.string()},
               {"split", run.dataset.split}};
  json.update(scores_json(report.model, report.names));
  json["skipped"] = skipped_json(run, validation);
  json["confusion"] = report.confusion.classes() > 0
                          ? confusion_json(report.confusion, report.confusion_options, report.names)
                          : Json(nullptr);
  json["images_per_second"] =
      speed.seconds ? Json(images_per_second(validation, *speed.seconds)) : Json(nullptr);
  json["threads"] = speed.threads;
  json["peak_rss_mb"] = speed.peak_rss_mb;
  return dump_json(json) + "\n";
}

std::string validation_text(const ValidationRun& run, const Validation& validation,
                            const ReportData& report, const RunSpeed& speed) {
  std::string text = printable(report.model.name) + " on " + printable(report.head.data) + ": " +
                     count_of(validation.scored.size(), "picture") + ", " +
                     count_of(validation.scores.instances, "object") + "\n\n";
  text += table_text(summary_page_table(report.model)) + "\n";
  text += class_text(report.model.scores, run.dataset.names) + "\n";
  text += table_text(speed_table(report.model.speed));
  if (speed.seconds)
    text += fixed(images_per_second(validation, *speed.seconds), 1) + " pictures/s with " +
            count_of(static_cast<size_t>(speed.threads), "thread") + "\n";
  return text;
}

std::string comparison_json_line(const ComparisonData& report, const RunSpeed& speed) {
  Json json = comparison_json(report);
  json["threads"] = speed.threads;
  return dump_json(json) + "\n";
}

std::string comparison_text(const ComparisonData& report, const RunSpeed& speed) {
  std::string text = "A " + printable(report.a.name) + "\nB " + printable(report.b.name) + "\non " +
                     printable(report.head.data) + ": " +
                     count_of(report.a.scores.images, "picture") + ", " +
                     count_of(report.a.scores.instances, "object") + "\n\n";
  ComparisonData named = report;
  named.a.name = "A";
  named.b.name = "B";
  text += table_text(comparison_page_table(named)) + "\n" + table_text(speed_comparison(named));
  text += "Each picture was shown to both models in turn, with " +
          count_of(static_cast<size_t>(speed.threads), "thread") + ".\n\n";
  return text + report.verdict + "\n";
}

}  // namespace shrike
