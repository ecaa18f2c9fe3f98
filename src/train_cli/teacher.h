// The model that a run learns from.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/train_options.h"
#include "train/distillation.h"
#include "train_cli/starting_network.h"

namespace shrike {

// options.teacher at the student's input size, its classes those of `classes` (the data set's) by
// name; those that it lacks are told on standard error. Errors name the teacher: those of the
// model's reader and of prepare_for_training(); kInput where no class is shared; kUsage for an
// end-to-end student that would learn from the teacher alone, as what finds each object once then
// learns nothing.
Result<train::Distillation> open_teacher(const TrainOptions& options,
                                         const StartingNetwork& student,
                                         const std::vector<std::string>& classes, int threads);

}  // namespace shrike
