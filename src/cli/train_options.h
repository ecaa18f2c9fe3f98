// The options of `shrike train`, which shrike itself shows, checks and completes, and of
// shrike-train, which does the work.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "base/result.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/model_option.h"

namespace shrike {

struct TrainOptions {
  ModelOption model;
  std::string scratch;  // zoo/scratch.h: in place of a model; empty: none
  std::string size;     // values.h: parse_size; empty: the model's own
  int threads = 0;
  bool dry_run = false;
};

// From the words behind `train`. Errors (kUsage): those of parse_arguments(), and words that are no
// options.
Result<Arguments> parse_train_options(const Words& words, TrainOptions& options);

}  // namespace shrike
