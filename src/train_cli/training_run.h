// A run of training from its options to its folder.
#pragma once

#include "base/result.h"
#include "cli/train_options.h"

namespace shrike {

// What --threads means: at least 1.
int training_threads(const TrainOptions& options);

// Trains, and leaves args.json, results.csv, best.onnx, last.onnx, checkpoints and pages of
// training pictures in options.out. The exit code; where a signal asked for the end, that of the
// signal. Errors: kUsage for options that do not fit together or a folder that holds a run; kInput
// for a data set without objects, with labels of classes it does not define, or smaller than a
// batch; kModel for a network that cannot be trained; kRuntime for the machine, and for losses that
// are not finite.
Result<int> training_run(const TrainOptions& options);

// Goes on with the run in options.resume, from its newest checkpoint that is whole, with its own
// options but for threads that are given. Errors, beside those: kInput where no run lies there, or
// the data set is another by now; kModel where the checkpoint is of another network.
Result<int> resumed_run(const TrainOptions& options);

}  // namespace shrike
