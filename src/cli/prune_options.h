// The options of `shrike prune`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/model_option.h"
#include "cli/prune_recovery.h"
#include "cli/validation_options.h"
#include "prune/prune.h"

namespace shrike {

struct PruneCommand {
  ModelOption model;
  ValidationOptions validation;
  std::string size, names_file, out, protect;
  std::string importance;  // empty: taylor before training of channels, else l1
  double macs = 0, params = 0, ratio = 0, latency = 0;  // one of them
  int64_t multiple = 8;
  double most = 0.8;
  bool unstructured = false;
  int threads = 0;
  bool json = false;

  int64_t epochs = 0, steps = 1;  // of recovery; 0 epochs: none
  std::string folder;             // empty: recovery_folder()
  bool no_teacher = false;
  int processes = 1;               // of the words for train, as is
  double holdout = 0;              // this
  std::string unlabeled;           // and this
  std::vector<std::string> train;  // words behind --, for train

  PruneOptions prune;  // what they come to, but for `measured`
};

// From the words behind `prune`; nothing where help was asked for. Errors (kUsage): those of
// parse_arguments(), what is missing or makes no sense together, words that train would refuse.
Result<std::optional<PruneCommand>> parse_prune_options(const Words& words);

// What prune_and_recover() is to do. Its folder: --out, else "half-recovery" beside "half.onnx".
RecoveryOptions recovery_options(const PruneCommand& command);

}  // namespace shrike
