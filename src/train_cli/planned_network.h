// The network that a run would train, for who wants to know before it begins.
#pragma once

#include "base/result.h"
#include "cli/train_options.h"
#include "train_cli/starting_network.h"

namespace shrike {

// For the classes of options.data, where it is given. What is given is looked at as a run looks at
// it, with its errors (training_run.h): the data set, --out, --freeze, the sizes of batches, the device.
// Nothing is written.
Result<StartingNetwork> planned_network(const TrainOptions& options, int threads);

}  // namespace shrike
