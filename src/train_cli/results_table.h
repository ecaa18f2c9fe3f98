// results.csv: a row an epoch, columns by name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "eval/scores.h"

namespace shrike {

struct EpochRow {
  int64_t epoch = 0;              // from 1
  double seconds = 0;             // since the run began, pauses left out
  std::vector<double> losses;     // means over the epoch's batches, in the order of the columns
  double rate = 0;                // learning rate of the epoch's last batch
  double map50_95 = 0, map50 = 0, precision = 0, recall = 0;  // on the val split, of the average
  double images_per_second = 0;   // from batch to batch: all but validation and written files counts
  double waited = 0;              // of that time, the share that went by until pictures were there
  double memory_mb = 0;           // the most that this process (of ranks the first) has held so far
};

class ResultsTable {
 public:
  // `losses`: names of the parts.
  explicit ResultsTable(std::vector<std::string> losses) : losses_(std::move(losses)) {}

  void add(const EpochRow& row);

  // A row's cells by the names of their columns, but for the epoch.
  std::vector<std::pair<std::string, double>> numbers(const EpochRow& row) const;

  // As add() made them; those that are here go.
  const std::vector<std::string>& rows() const { return rows_; }
  void set_rows(std::vector<std::string> rows) { rows_ = std::move(rows); }

  // The whole file anew. Errors name it.
  Result<void> write(const std::filesystem::path& path) const;
  // Whether a file begins with what write() would write; false where there is none.
  bool is_in(const std::filesystem::path& path) const;

  const std::vector<std::string>& losses() const { return losses_; }
  static std::string loss_column(const std::string& name) { return "train_" + name + "_loss"; }
  // A column's numbers. Requires one of that name.
  std::vector<double> column(const std::string& name) const;

 private:
  std::string header() const;
  std::string text() const;

  std::vector<std::string> losses_;
  std::vector<std::string> rows_;  // lines
};

}  // namespace shrike
