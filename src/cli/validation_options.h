// Options and steps that val and compare share: the data set, what counts, the run with its
// progress.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "eval/bootstrap.h"
#include "validate/validate.h"

namespace shrike {

struct ValidationOptions {
  std::string data, pictures, split = "val";
  DetectOptions detect = validation_detect_options();
  bool classes_by_index = false;
  int draws = 1000;
  uint64_t seed = 0;
};

// All but the models and the threads.
void add_validation_options(CLI::App& app, ValidationOptions& options);

// The data set of --data; tell_findings() is done.
Result<Dataset> open_validation_data(const ValidationOptions& options, int threads);

// What is wrong with a data set, on standard error: the first few lines, and how many there are.
void tell_findings(const Dataset& dataset);

// What they say to validate(), without progress; whether all that a network says is finite is looked
// at.
ValidateOptions validate_options(const ValidationOptions& options, int streams,
                                 bool keep_detections);

// The pictures that could not be read, on standard error.
void tell_skipped(const Validation& validation);

// That a model overflows, on standard error.
void tell_not_finite(const Validation& validation, const std::string& model);

// validate(), with a progress bar; pictures that cannot be read are said on standard error. Once
// interrupted() it gives an error that nobody needs to see.
Result<std::vector<Validation>> validate_shown(std::span<Detector> detectors,
                                               const Dataset& dataset,
                                               const ValidationOptions& options, int threads,
                                               bool keep_detections);

// An error (kUsage) where a report's folder holds pictures of the data set, or its report.json is
// the data set: what is written would replace what is read.
Result<void> check_report_folder(const std::filesystem::path& folder, const Dataset& dataset);

// What --threads means: at least 1.
int validation_threads(int option);

// Draws end once interrupted().
BootstrapOptions bootstrap_options(const ValidationOptions& options, int threads);

// Pictures of the split that could not be used, whoever found that.
size_t pictures_left_out(const Dataset& dataset, const Validation& validation);

}  // namespace shrike
