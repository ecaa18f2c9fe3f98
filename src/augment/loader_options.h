// What a loader may be asked for, and from where it may start.
#pragma once

#include "augment/loader.h"

namespace shrike {

inline constexpr int kMostSide = 8192;  // of a batch's pictures

// kUsage: names the option and its range.
Result<void> check(const LoaderOptions& options);

// kInput: names the data set, and what it lacks.
Result<void> check_data(const Dataset& dataset, const LoaderOptions& options);

LoaderState first_state(const Dataset& dataset, const LoaderOptions& options);

// kInput where the data set is another than at the start; kUsage where the batch is, or where the
// start lies behind the last epoch.
Result<void> check_start(const LoaderState& start, const Dataset& dataset,
                         const LoaderOptions& options);

}  // namespace shrike
