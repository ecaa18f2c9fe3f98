// The options of `shrike train`, which shrike itself shows, checks and completes, and of
// shrike-train, which does the work.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include "augment/settings.h"
#include "base/result.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/model_option.h"

namespace shrike {

// Names, meanings and defaults are those of Ultralytics 8.4 where it has the same; docs/training.md
// says what each one does.
struct TrainOptions {
  ModelOption model;
  std::string scratch;  // zoo/scratch.h: in place of a model; empty: none
  std::string size;     // values.h: parse_size; empty: the model's own
  int threads = 0;
  int64_t processes = 1;  // on this host
  bool dry_run = false;
  bool json = false;  // what is printed at the end

  std::string data, pictures, out, resume;
  double holdout = 0;  // data/halves.h: share of train that judges epochs in place of val
  int64_t epochs = 100, batch = 16, nominal = 64, patience = 100, save_seconds = 60;
  uint64_t seed = 0;
  std::string optimiser = "auto";
  std::optional<double> rate, momentum;  // absent: as the optimiser's
  double final_share = 0.01, weight_decay = 0.0005, warmup_epochs = 3, most_norm = 10;
  bool cosine = false;
  AugmentSettings augment;
  double multi_scale = 0;
  double class_power = 0;  // of what rare classes weigh more
  std::string freeze;      // a number of layers, or starts of names with commas
  int64_t cache_mb = 2048;
  double sparsity = 0;      // of batch norms' scales, which the saved files then keep
  bool keep_zeros = false;  // weights that are zero stay zero
  std::string qat;          // what learns in integers: int8, int16x8; empty: nothing does
  int64_t qat_weight_bits = 8;
  double qat_step_rate = 1;  // of the rate, that of steps
  std::string taylor;       // file for what filters are worth, in place of a run; empty: none

  std::string teacher;  // a file or a name, as of --model; empty: none
  double labels = 1, distill_response = 1, distill_feature = 0, distill_masked = 0;
  double temperature = 1;
  int64_t teacher_cache_mb = 2048;
  std::string unlabeled;  // folder of pictures that learn from the teacher alone; empty: none
  std::string precision = "fp32", device = "cpu";
  bool tensorboard = false;
};

// From the words behind `train`. Errors (kUsage): those of parse_arguments(), words that are no
// options, options that exclude each other.
Result<Arguments> parse_train_options(const Words& words, TrainOptions& options);

// From the words behind `distill`: the same, and an error (kUsage) without --teacher.
Result<Arguments> parse_distill_options(const Words& words, TrainOptions& options);

}  // namespace shrike
