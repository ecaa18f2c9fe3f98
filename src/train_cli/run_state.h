// RunState: which run it is and where it is, beside the trainer's tensors: what a checkpoint's JSON says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "augment/loader.h"
#include "base/result.h"
#include "checkpoint/checkpoint.h"
#include "train/trainer.h"
#include "train_cli/epoch_sums.h"

namespace shrike {

// Columns of results.csv that are said of the best epoch.
inline constexpr const char* kBestColumns[] = {"map50_95", "map50", "precision", "recall"};

struct RunState {
  std::string id;       // of the run: another's checkpoint does not belong here
  Json arguments;       // args.json's, as the run goes on by them
  uint64_t judged = 0;  // RunData::judged, which must not have changed meanwhile
  train::TrainerPlace trainer;
  LoaderState loader;        // of the batch that comes next
  LoaderState unlabeled;     // of its pictures that learn from a teacher alone, where there are any
  EpochSums sums;            // of the epoch that is not judged yet
  double rate = 0;           // of the last batch
  int64_t epochs_done = 0;   // and judged: as many rows has results.csv
  // Of best.onnx, also where its epoch was done again since.
  double best_fitness = 0;
  int64_t best_epoch = -1;          // none yet
  std::vector<double> best_scores;  // kBestColumns of its row
  // SHA-256 of best.onnx and last.onnx as they were written; empty: none yet, or lost.
  std::string best_file, last_file;
  std::vector<std::string> rows;  // of results.csv
  double seconds = 0;        // that the run has taken
  int64_t returns = 0;       // to a checkpoint, as a loss was not finite
  int64_t returned_to = -1;  // the batches of the last one
};

Json to_json(const RunState& state);
// Errors (kInput) name `source` and the key.
Result<RunState> run_state_from(const Json& json, const std::string& source);

}  // namespace shrike
