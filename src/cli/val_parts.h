// val in parts (validate/parts.h): shares of the pictures, looked at by processes that know of each
// other by the files they leave in one folder.
#pragma once

#include <CLI/CLI.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/detector_options.h"
#include "cli/shard.h"
#include "cli/validation_options.h"
#include "validate/validate.h"

namespace shrike {

struct PartsOptions {
  std::string folder;  // empty: in one piece, in memory
  std::string shard;   // I/N; empty: the environment's, or all that is missing

  bool wanted() const { return !folder.empty(); }
};

void add_parts_options(CLI::App& app, PartsOptions& options);

// An error (kUsage) for a share without a folder.
Result<void> check_parts_options(const PartsOptions& options);

struct PartsRun {
  const PartsOptions& parts;
  const ValidationOptions& validation;
  const DetectorOptions& detector;
  const std::vector<std::filesystem::path>& model_files;
  int streams;
  bool keep_detections;
};

// How far a share has come.
struct ShareDone {
  Shard shard;
  size_t pictures = 0;  // of the share
  size_t missing = 0;   // of the whole set, which no part has yet
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
