#include "train_cli/results_table.h"

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstdlib>

#include "base/durable_file.h"
#include "base/file.h"

namespace shrike {

namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',')
      cells.emplace_back();
    else
      cells.back() += c;
  }
  return cells;
}

}  // namespace

std::vector<std::pair<std::string, double>> ResultsTable::numbers(const EpochRow& row) const {
  std::vector<std::pair<std::string, double>> all{{"seconds", row.seconds}};
  for (size_t i = 0; i < losses_.size(); ++i)
    all.emplace_back(loss_column(losses_[i]), i < row.losses.size() ? row.losses[i] : 0);
  all.insert(all.end(), {{"learning_rate", row.rate},
                         {"map50_95", row.map50_95},
                         {"map50", row.map50},
                         {"precision", row.precision},
                         {"recall", row.recall},
                         {"images_per_second", row.images_per_second},
                         {"waited_share", row.waited},
                         {"memory_mb", row.memory_mb}});
  return all;
}

std::string ResultsTable::header() const {
  std::string line = "epoch";
  for (const auto& [name, value] : numbers({})) line += "," + name;
  return line;
}

void ResultsTable::add(const EpochRow& row) {
  std::string line = std::to_string(row.epoch);
  for (const auto& [name, value] : numbers(row)) line += "," + number(value);
  rows_.push_back(std::move(line));
}

std::vector<double> ResultsTable::column(const std::string& name) const {
  const std::vector<std::string> names = cells_of(header());
  const auto found = std::find(names.begin(), names.end(), name);
  assert(found != names.end());
  const auto index = static_cast<size_t>(found - names.begin());
  std::vector<double> values;
  for (const std::string& row : rows_) {
    const std::vector<std::string> cells = cells_of(row);
    values.push_back(index < cells.size() ? std::strtod(cells[index].c_str(), nullptr) : 0);
  }
  return values;
}

std::string ResultsTable::text() const {
  std::string text = header() + "\n";
  for (const std::string& row : rows_) text += row + "\n";
  return text;
}

Result<void> ResultsTable::write(const std::filesystem::path& path) const {
  return write_durable_file(path, text());
}

bool ResultsTable::is_in(const std::filesystem::path& path) const {
  const Result<std::string> found = read_text(path, ErrorKind::kInput);
  return found && found->starts_with(text());
}

}  // namespace shrike
