// A run of training from its options to its folder.
#pragma once

#include "base/result.h"
#include "cli/train_options.h"
#include "train_cli/ranks.h"

namespace shrike {

// What --threads means: at least 1. Left open it is the cores that this process may use, shared
// with the others that a launcher without bounds (LOCAL_WORLD_SIZE: torchrun, --nproc) started here.
int training_threads(const TrainOptions& options);

// Trains, and leaves args.json, results.csv, best.onnx, last.onnx, checkpoints and pages of
// training pictures in options.out; of several ranks the first one does. The exit code; where a
// signal asked for the end, that of the signal. Errors: kUsage for options that do not fit together,
// are others on another rank, or a folder that holds a run; kInput for a data set without objects,
// with labels of classes it does not define, or smaller than a batch; kModel for a network that
// cannot be trained; kRuntime for the machine, for losses that are not finite, and for ranks that
// are gone.
Result<int> training_run(const TrainOptions& options, Ranks& ranks);

// Goes on with the run in options.resume, from its newest checkpoint that is whole, with its own
// options but for threads that are given; with any number of ranks, of which the first alone needs
// the folder. Errors, beside those: kInput where no run lies there, its args.json holds what the
// command line would refuse or fewer epochs than were begun, the data set is another by now, or the checkpoint is of another run;
// kModel where it is of another network; kUsage where another process is at work on the run.
Result<int> resumed_run(const TrainOptions& options, Ranks& ranks);

}  // namespace shrike
