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

}  // namespace shrike
