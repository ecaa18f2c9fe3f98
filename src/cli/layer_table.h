// What layers take at other widths on this machine, measured once and kept for the next command:
//
//   CACHE/layers/PROCESSOR.json, as tuning_file.h has it: a layer where that has a problem, and its
//   numbers of channels where that has a kernel
#pragma once

#include <filesystem>
#include <functional>

#include "prune/time_model.h"

namespace shrike {

// Measures with the engine what the cache's file lacks of the model's layers, says so on standard
// error, and keeps it. That nothing can be read or kept is said, and stops nothing. Errors:
// Session's; kRuntime once interrupted().
Result<void> measure_layers(TimeModel& model);

// The same with another timer, file and build of the program; on_progress as of
// TimeModel::measure.
Result<void> measure_and_keep(TimeModel& model, const NodeTimer& timer,
                              const Result<std::filesystem::path>& file, const std::string& program,
                              const std::function<void(int done, int total)>& on_progress);

}  // namespace shrike
