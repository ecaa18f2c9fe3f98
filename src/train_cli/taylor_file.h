// What the filters of a model are worth to its loss, as a file: for `shrike prune`.
#pragma once

#include "base/result.h"
#include "cli/train_options.h"

namespace shrike {

// Writes options.taylor: {"pictures", "layers": {weights' name: [a number a filter]}}, of
// train/taylor.h, from up to 64 pictures of the split train, unchanged, less what options.holdout
// takes; options.seed says which. The exit code. Errors: those of open_training_pictures(),
// starting_network() and taylor_scores(); kInput for a model of other classes.
Result<int> write_taylor_file(const TrainOptions& options);

}  // namespace shrike
