// The network of a run that learns in integers (--qat): what quantize makes of the one it starts
// from.
#pragma once

#include "base/result.h"
#include "cli/train_options.h"
#include "data/dataset.h"
#include "train_cli/starting_network.h"

namespace shrike {

// Pictures of train that show the network in floats, lying evenly in the set: as many as quantize
// takes.
inline constexpr size_t kCalibrationPictures = 128;

// `network` becomes one with Q and DQ whose weights and steps learn (quantize/learned.h). In floats
// it is calibrated by pictures of `train`; in integers it goes on from its own steps. Pictures that
// cannot be read are said and left out. Errors: kUsage for one whose head is new,
// options.multi_scale of an end-to-end one, or a type that is not that of the file's integers;
// those of network_to_quantize(), calibrate() and learn_integers().
Result<void> learn_in_integers(StartingNetwork& network, const TrainOptions& options,
                               const Dataset& train, int threads);

// Zero points and limits, which do not learn, as a text that is the same where they are.
std::string fixed_integers(const Graph& graph);

}  // namespace shrike
