// val in parts (validate/parts.h): shares of the pictures, looked at by several processes.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/result.h"
#include "cli/detector_options.h"
#include "cli/parts_options.h"
#include "cli/validation_options.h"
#include "validate/validate.h"

namespace shrike {

struct PartsRun {
  const PartsOptions& parts;
  const ValidationOptions& validation;
  const DetectorOptions& detector;
  const std::vector<std::filesystem::path>& model_files;
  int streams;
  bool keep_detections;
};

struct PartsOutcome {
  std::optional<Validation> whole;  // where this process is the one that tells the result
  ShareDone share;                  // where it is not
};

// Looks at what of this process's share no part has yet. Without a share, and as the first process
// of a launcher, then at all else that is missing, from the end, beside others that may still be at
// it, and scores the whole. A part that is damaged is said on standard error, and made again. Once
// interrupted() it gives an error that nobody needs to see; finished parts stay.
Result<PartsOutcome> validate_in_parts(Detector& detector, const Dataset& dataset,
                                       const PartsRun& run);

}  // namespace shrike
