// What prune tells of its work.
#pragma once

#include <optional>
#include <string>

#include "cli/change_judge.h"
#include "prune/prune.h"

namespace shrike {

// After training.
struct RecoveryReport {
  int64_t epochs = 0, steps = 1;
  std::string folder;
  uint64_t bytes = 0;
  double ms = 0;
  Judgement judgement;
};

struct PruneReport {
  std::string model, file, data;
  std::string importance;
  bool unstructured = false;  // then the outcome's channels are blocks of weights
  PruneOutcome outcome;
  uint64_t bytes_before = 0, bytes_after = 0;
  double ms_before = 0, ms_after = 0;  // network_ms()
  bool own_truth = false;              // the model's own detections were the truth
  Judgement judgement;
  std::optional<RecoveryReport> recovery;  // without it `after` is what was written
};

// One line:
// {"model","file","data","importance","judged_pictures","truth": "labels"|"model","macs":
// {"before","after"},"parameters": {...},"bytes": {...},"channels": {"removable","removed"},
// "map50_95": {"before","after","difference","interval95"},"network_ms": {"before","after"},
// "layers": [{"name","before","after"}],"whole": [{"node","channels"}]}; of unstructured pruning
// "blocks": {"all","zero"} in place of "channels"; of --latency without training behind
// "network_ms" "table_ms": {"before","after"}, what the table of layers says; with training there
// "recovery": {"epochs","steps","folder","bytes","map50_95": {...},"network_ms"}
std::string prune_json(const Graph& before, const PruneReport& report);
std::string prune_text(const PruneReport& report);

}  // namespace shrike
