// The page and files of write_comparison.
#include "base/file.h"
#include "report/interval_chart.h"
#include "report/number.h"
#include "report/report.h"
#include "report/score_charts.h"
#include "report/score_json.h"
#include "report/score_tables.h"
#include "vision/class_name.h"

namespace shrike {

namespace {

// In the order of summary_numbers; those that have no difference are empty.
std::vector<std::optional<PairedDifference>> differences_of(const SummaryDifferences& d) {
  std::vector<std::optional<PairedDifference>> list;
  for (const auto field : kHeadlineFields<PairedDifference>) list.push_back(d.*field);
  for (const auto& more : {d.precision, d.recall, d.f1}) list.push_back(more);
  list.resize(kSummaryNumbers);
  return list;
}

std::optional<double> difference(std::optional<double> a, std::optional<double> b) {
  if (!a || !b) return {};
  return *b - *a;
}

Table summary_page_table(const ComparisonData& data) {
  Table table{{{"Number"},
               {data.a.name, true},
               {data.b.name, true},
               {"Difference", true},
               {"95 % interval", true},
               {"Draws above 0", true}},
              {}};
  const auto a = summary_numbers(data.a), b = summary_numbers(data.b);
  const auto differences = differences_of(data.differences);
  for (size_t i = 0; i < a.size(); ++i) {
    const auto& d = differences[i];
    std::optional<Interval> interval;
    std::optional<double> value, share;
    if (d) value = d->difference, interval = d->interval95, share = d->share_above_zero;
    table.rows.push_back(
        {a[i].title, Number{a[i].value}, Number{b[i].value}, signed_fixed(value, 3),
         interval ? signed_fixed(interval->low, 3) + " to " + signed_fixed(interval->high, 3) : "",
         share ? fixed(*share * 100, 1) + " %" : kNoNumber});
  }
  return table;
}

Table summary_file_table(const ComparisonData& data) {
  Table table{{{"name"}}, {}};
  for (const char* name : {"a", "b", "difference", "low95", "high95", "share_above_zero"})
    table.columns.push_back({name, true});
  const auto a = summary_numbers(data.a), b = summary_numbers(data.b);
  const auto differences = differences_of(data.differences);
  for (size_t i = 0; i < a.size(); ++i) {
    const auto& d = differences[i];
    std::vector<TableCell> row = {a[i].key, Number{a[i].value}, Number{b[i].value}};
    if (d)
      for (const double value :
           {d->difference, d->interval95.low, d->interval95.high, d->share_above_zero})
        row.push_back(Number{value});
    row.resize(table.columns.size(), Number{});
    table.rows.push_back(std::move(row));
  }
  return table;
}

// One row a class of either model; the columns are named for a page or for a file.
Table class_table(const ComparisonData& data, std::vector<Column> columns) {
  Table table{std::move(columns), {}};
  const size_t count = std::min(data.a.scores.classes.size(), data.b.scores.classes.size());
  for (size_t i = 0; i < count; ++i) {
    const ClassScores &a = data.a.scores.classes[i], &b = data.b.scores.classes[i];
    table.rows.push_back(
        {class_name(data.names, a.class_id), Number{static_cast<double>(a.instances), 0},
         Number{a.summary.map50_95}, Number{b.summary.map50_95},
         Number{difference(a.summary.map50_95, b.summary.map50_95)}, Number{a.summary.map50},
         Number{b.summary.map50}, Number{difference(a.summary.map50, b.summary.map50)}});
  }
  return table;
}

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

Table speed_comparison(const ComparisonData& data) {
  Table table = speed_table(data.a.speed);
  const Table b = speed_table(data.b.speed);
  table.columns = {{"Milliseconds a picture"}, {data.a.name, true}, {data.b.name, true}};
  for (size_t i = 0; i < table.rows.size(); ++i) table.rows[i].push_back(b.rows[i][1]);
  return table;
}

Json difference_json(const std::optional<PairedDifference>& d) {
  if (!d) return nullptr;
  return {
      {"difference", json_value(d->difference)},
      {"interval95", Json::array({json_value(d->interval95.low), json_value(d->interval95.high)})},
      {"share_above_zero", json_value(d->share_above_zero)}};
}

Json comparison_json(const ComparisonData& data) {
  const auto model = [&](const ReportModel& m) {
    Json json = {{"model", m.name}};
    json.update(scores_json(m, data.names));
    return json;
  };
  Json json = head_json(data.head);
  json["verdict"] = data.verdict;
  json["a"] = model(data.a);
  json["b"] = model(data.b);
  Json& differences = json["differences"] = Json::object();
  const auto numbers = summary_numbers(data.a);
  const auto list = differences_of(data.differences);
  for (size_t i = 0; i + 1 < numbers.size(); ++i)
    differences[numbers[i].key] = difference_json(list[i]);
  return json;
}

std::vector<Tile> tiles_of(const ComparisonData& data) {
  std::vector<Tile> tiles;
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

}  // namespace

Result<void> write_comparison(const std::filesystem::path& folder, const ComparisonData& data) {
  SHRIKE_TRY(make_folders(folder));
  SHRIKE_TRY(write_file(folder / "report.json", dump_json(comparison_json(data)) + "\n"));
  SHRIKE_TRY(write_file(folder / "summary.csv", to_csv(summary_file_table(data))));
  SHRIKE_TRY(write_file(folder / "per_class.csv",
                        to_csv(class_table(data, {{"name"},
                                                  {"instances", true},
                                                  {"map50_95_a", true},
                                                  {"map50_95_b", true},
                                                  {"map50_95_difference", true},
                                                  {"map50_a", true},
                                                  {"map50_b", true},
                                                  {"map50_difference", true}}))));
  Page page{data.head, {{"A", data.a.name}, {"B", data.b.name}}, tiles_of(data), {}};
  page.sections.push_back({"Verdict", data.verdict, {}});
  page.sections.back().parts.push_back(differences_figure(data));
  page.sections.back().parts.push_back(
      precision_recall_comparison({{data.a.name, &data.a.scores}, {data.b.name, &data.b.scores}}));
  page.sections.push_back({"Scores", "", {summary_page_table(data)}});
  page.sections.push_back({"Speed", "Mean of all pictures.", {speed_comparison(data)}});
  page.sections.push_back({"Classes",
                           "",
                           {class_table(data, {{"Class"},
                                               {"Objects", true},
                                               {"AP 0.50:0.95, A", true},
                                               {"B", true},
                                               {"B - A", true},
                                               {"AP 0.50, A", true},
                                               {"B", true},
                                               {"B - A", true}})}});
  return write_page(folder, page);
}

}  // namespace shrike
