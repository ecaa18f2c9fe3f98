// Options of commands that make a Detector: detect, val, and bench --decode.
#pragma once

#include <CLI/CLI.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/model_option.h"
#include "cli/precision_option.h"
#include "cli/tuning_option.h"
#include "detect/detector.h"

namespace shrike {

struct DetectorOptions {
  ModelOption model;
  std::string size, layout = "auto", preprocess = "auto", names_file, precision = kFullPrecision;
  int threads = 0;
  int memory_limit = 0;  // MB; 0: none
  bool tune = false;
};

void add_size_option(CLI::App& app, std::string& size);
void add_threads_option(CLI::App& app, int& threads);
void add_detector_options(CLI::App& app, DetectorOptions& options);

// For the streams of a command that looks at several pictures at a time, each with so many threads:
// where nobody says (0), the cores are divided among them.
void add_streams_option(CLI::App& app, int& streams);
int threads_a_stream(int threads, int streams);

// What a command needs class names for, which a model's file may lack.
enum class NamesFor : uint8_t {
  kShowing,   // they are made up, and that is said on standard error
  kMatching,  // with those of a data set: tell_matched_by_index() says what came of it
};

struct DetectorUse {
  NamesFor names = NamesFor::kShowing;
  std::filesystem::path output = {};  // that the command will write: never a file of the model
  std::vector<std::filesystem::path>* files = nullptr;  // gets those that the model was read from
  // Of a command with several models: theirs together.
  KernelTuner* tuner = nullptr;
  // For the limit of memory: bytes that the command holds beside its detectors, and how many of
  // those it makes of this one.
  size_t held = 0, sessions = 1;
};

// The detector, with the model fetched and loaded.
Result<Detector> make_detector(const DetectorOptions& options, const DetectorUse& use = {});

// Says on standard error that the classes of a model without names were taken to be the data
// set's, where that is so.
void tell_matched_by_index(const Detector& detector, const std::string& model);

}  // namespace shrike
