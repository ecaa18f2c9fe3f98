#include "report/comparison_tables.h"

#include <algorithm>

#include "report/number.h"
#include "report/score_json.h"
#include "report/score_tables.h"
#include "vision/class_name.h"

namespace shrike {

namespace {

std::optional<double> difference(std::optional<double> a, std::optional<double> b) {
  if (!a || !b) return {};
  return *b - *a;
}

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

Json difference_json(const std::optional<PairedDifference>& d) {
  if (!d) return nullptr;
  return {
      {"difference", json_value(d->difference)},
      {"interval95", Json::array({json_value(d->interval95.low), json_value(d->interval95.high)})},
      {"share_above_zero", json_value(d->share_above_zero)}};
}

}  // namespace

std::vector<std::optional<PairedDifference>> differences_of(const SummaryDifferences& d) {
  std::vector<std::optional<PairedDifference>> list;
  for (const auto field : kHeadlineFields<PairedDifference>) list.push_back(d.*field);
  for (const auto& more : {d.precision, d.recall, d.f1}) list.push_back(more);
  list.resize(kSummaryNumbers);
  return list;
}

Table comparison_page_table(const ComparisonData& data) {
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

Table comparison_file_table(const ComparisonData& data) {
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

Table class_comparison_page_table(const ComparisonData& data) {
  return class_table(data, {{"Class"},
                            {"Objects", true},
                            {"AP 0.50:0.95, A", true},
                            {"B", true},
                            {"B - A", true},
                            {"AP 0.50, A", true},
                            {"B", true},
                            {"B - A", true}});
}

Table class_comparison_file_table(const ComparisonData& data) {
  return class_table(data, {{"name"},
                            {"instances", true},
                            {"map50_95_a", true},
                            {"map50_95_b", true},
                            {"map50_95_difference", true},
                            {"map50_a", true},
                            {"map50_b", true},
                            {"map50_difference", true}});
}

Table speed_comparison(const ComparisonData& data) {
  Table table = speed_table(data.a.speed);
  const Table b = speed_table(data.b.speed);
  table.columns = {{"Milliseconds a picture"}, {data.a.name, true}, {data.b.name, true}};
  for (size_t i = 0; i < table.rows.size(); ++i) table.rows[i].push_back(b.rows[i][1]);
  return table;
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

}  // namespace shrike
