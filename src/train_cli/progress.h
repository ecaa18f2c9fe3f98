// What a person sees of a run: at a terminal one line that changes with every batch, elsewhere a
// line after the first batch and then one a minute, and everywhere a line an epoch.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "train_cli/results_table.h"

namespace shrike {

struct BatchProgress {
  int64_t epoch = 0, batch = 0, batches = 0;  // from 1
  std::vector<double> losses;                 // means so far
  double images_per_second = 0, waited = 0, memory_mb = 0;
};

class Progress {
 public:
  // `done`: epochs that earlier calls of the program did. `lines`: where epochs are told, and
  // batches where there is no terminal (null).
  Progress(std::vector<std::string> losses, int64_t epochs, int64_t done, std::FILE* terminal,
           std::FILE* lines);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // At a terminal a few times a second; else among the lines, once a minute.
  void batch(const BatchProgress& progress);
  // `best`: no epoch before scored as much.
  void epoch(const EpochRow& row, bool best);
  // Takes the line away, so that something else can be said.
  void clear();

 private:
  std::string left(double epochs_done) const;
  std::string losses_text(const std::vector<double>& losses) const;

  std::vector<std::string> names_;
  int64_t epochs_, done_before_;
  bool drawn_ = false, told_ = false;
  std::FILE *terminal_, *lines_;
  std::chrono::steady_clock::time_point start_, last_;
};

// "0:42", "12:31", "3:05:00".
std::string duration_text(double seconds);

}  // namespace shrike
