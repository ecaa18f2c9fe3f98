// Options of commands that make a Detector: detect, and bench --decode.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "base/result.h"
#include "cli/model_option.h"
#include "detect/detector.h"

namespace shrike {

struct DetectorOptions {
  ModelOption model;
  std::string size, layout = "auto", preprocess = "auto", names_file;
  int threads = 0;
};

void add_size_option(CLI::App& app, std::string& size);
void add_threads_option(CLI::App& app, int& threads);
void add_detector_options(CLI::App& app, DetectorOptions& options);

// The detector, with the model fetched and loaded. Says on standard error when class names had to
// be made up.
Result<Detector> make_detector(const DetectorOptions& options);

}  // namespace shrike
