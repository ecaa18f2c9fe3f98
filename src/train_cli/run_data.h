// The data set of a run: what is learned from, and what it is judged by.
#pragma once

#include <filesystem>
#include <set>

#include "cli/train_options.h"
#include "data/dataset.h"
#include "train_cli/ranks.h"

namespace shrike {

struct RunData {
  Dataset train, val;
  uint64_t judged = 0;  // data_fingerprint() (augment/loader.h) of what can be read of val
  std::set<std::filesystem::path> unread;  // of val, what cannot be and was told: of the first rank
  Dataset unlabeled;    // pictures that learn from a teacher alone; without samples: none
};

// What is wrong with labels and pictures is said on standard error, and left out. Errors: those of
// open_dataset(); kInput where a label is of a class that the data set does not define, which a
// detector would learn wrongly without a word, and where a split has no pictures or no objects.
// The first rank decodes every picture of val once: those that cannot be are named now and not
// after an epoch that was for nothing, and it is an error (kInput) if none can; of train it looks
// for one that can. The others take its word, and say nothing of their own.
// Pictures of `unlabeled` that are in `val`, too, are told and learned from.
// With options.holdout `val` is that part of the split train, which `train` lacks; the split val is
// not looked at.
Result<RunData> open_run_data(const TrainOptions& options, int threads, Ranks& ranks);

// RunData::train alone.
Result<Dataset> open_training_pictures(const TrainOptions& options, int threads);

}  // namespace shrike
