// The page and files of write_comparison.
#include "base/file.h"
#include "report/comparison_tables.h"
#include "report/interval_chart.h"
#include "report/number.h"
#include "report/score_charts.h"
#include "report/score_tables.h"
#include "report/together.h"

namespace shrike {

namespace {

Figure differences_figure(const ComparisonData& data) {
  IntervalChart chart{"Differences on the same pictures",
                      data.b.name + " minus " + data.a.name + ", with 95 % intervals",
                      {"Difference", {}, {}},
                      0.0,
                      {}};
  const auto numbers = summary_numbers(data.a);
  const auto differences = differences_of(data.differences);
  for (size_t i = 0; i + 1 < numbers.size(); ++i) {
    IntervalRow row{numbers[i].title, {}, {}};
    if (const auto& d = differences[i]) {
      row.value = d->difference;
      row.range = {d->interval95.low, d->interval95.high};
    }
    chart.rows.push_back(std::move(row));
  }
  return {"differences", "Difference of each number with its interval",
          "Where an interval holds 0, these pictures do not tell which model is better.",
          draw(chart), true};
}

std::vector<NumberTile> tiles_of(const ComparisonData& data) {
  std::vector<NumberTile> tiles;
  const auto numbers = summary_numbers(data.a);
  const auto differences = differences_of(data.differences);
  for (size_t i = 0; i < numbers.size(); ++i)
    for (const char* key : {"map50_95", "map50", "f1"}) {
      if (numbers[i].key != key) continue;
      const auto& d = differences[i];
      tiles.push_back(
          {numbers[i].title + ", difference",
           signed_fixed(d ? std::optional(d->difference) : std::nullopt, 3),
           d ? signed_fixed(d->interval95.low, 3) + " to " + signed_fixed(d->interval95.high, 3)
             : ""});
    }
  return tiles;
}

Result<void> write_files(const std::filesystem::path& folder, const ComparisonData& data) {
  SHRIKE_TRY(write_file(folder / "report.json", dump_json(comparison_json(data)) + "\n"));
  SHRIKE_TRY(write_file(folder / "summary.csv", to_csv(comparison_file_table(data))));
  SHRIKE_TRY(write_file(folder / "per_class.csv", to_csv(class_comparison_file_table(data))));
  Page page{data.head, {{"A", data.a.name}, {"B", data.b.name}}, tiles_of(data), {}};
  page.sections.push_back({"Verdict", data.verdict, {}});
  page.sections.back().parts.push_back(differences_figure(data));
  page.sections.back().parts.push_back(
      precision_recall_comparison({{data.a.name, &data.a.scores}, {data.b.name, &data.b.scores}}));
  page.sections.push_back({"Scores", "", {comparison_page_table(data)}});
  page.sections.push_back({"Speed", "Mean of all pictures.", {speed_comparison(data)}});
  page.sections.push_back({"Classes", "", {class_comparison_page_table(data)}});
  return write_page(folder, page);
}

}  // namespace

Result<void> write_comparison(const std::filesystem::path& folder, const ComparisonData& data) {
  return write_together(folder, kPageFile,
                        [&](const std::filesystem::path& into) { return write_files(into, data); });
}

}  // namespace shrike
