// The options of a run as JSON and back: args.json, by which a run goes on.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/train_options.h"
#include "formats/json.h"

namespace shrike {

// Every option of a run by its name on the command line. Paths of files that are there are made
// absolute, so that a run can be gone on with from another folder.
Json to_json(const TrainOptions& options);
// The same with paths as they were given.
Json as_given(const TrainOptions& options);

// Errors (kInput) name `source` and the option: one that is missing, of another type, or what the
// command line refuses, too.
Result<TrainOptions> train_options_from(const Json& json, const std::string& source);

// That a run is gone on with by the options it began with: `began` and `now` are both what args.json
// holds. Others may be only: where data set and teacher lie (what is in the set is looked at
// elsewhere), how long the run is and when it ends early, and what changes no weights: threads, memory
// for pictures, times of checkpoints, event files, the device. An error (kInput) names `source` and
// each option that is another, with both values.
Result<void> check_same_options(const Json& began, const Json& now, const std::string& source);

}  // namespace shrike
