// shrike compare: which of two models is better on a data set, and whether that can be told.
#include <array>
#include <cstdio>
#include <filesystem>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/detector_options.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/memory_option.h"
#include "cli/pixels_option.h"
#include "cli/tuning_option.h"
#include "cli/validation_options.h"
#include "cli/validation_text.h"
#include "cli/value_names.h"

namespace shrike {

namespace {

struct Options {
  ValidationOptions validation;
  std::string size, report, precision = kFullPrecision;
  int threads = 0;
  bool tune = false, json = false;
};

void add_options(CLI::App& app, Options& o) {
  add_memory_option(app);
  add_pixels_option(app);
  add_size_option(app, o.size);
  add_threads_option(app, o.threads);
  add_tune_option(app, o.tune);
  add_precision_option(app, o.precision);
  add_validation_options(app, o.validation);
  app.add_flag("--json", o.json, "As JSON, fractions from 0 to 1");
  app.add_option("--report", o.report, "Folder for a page with charts, CSV and JSON")
      ->type_name(kFolderValue);
}

// File names, or the words themselves where these are equal.
std::array<std::string, 2> names_of(const Words& models) {
  const auto file_name = [](const std::string& word) {
    return std::filesystem::path(word).filename().string();
  };
  if (file_name(models[0]) == file_name(models[1])) return {models[0], models[1]};
  return {file_name(models[0]), file_name(models[1])};
}

Result<int> compare_and_tell(const Options& o, const Words& models, const Dataset& dataset,
                             std::span<Detector> detectors) {
  RunSpeed speed;
  speed.threads = validation_threads(o.threads);
  const Result<std::vector<Validation>> validated =
      validate_shown(detectors, dataset, o.validation, speed.threads, false);
  if (interrupted() != 0) return exit_code_of_signal(interrupted());
  if (!validated) return validated.error();
  for (size_t i = 0; i < detectors.size(); ++i) tell_matched_by_index(detectors[i], models[i]);
  for (size_t i = 0; i < validated->size(); ++i) tell_not_finite((*validated)[i], models[i]);
  const Validation &a = validated->front(), &b = validated->back();
  SummaryIntervals a_intervals, b_intervals;
  SummaryDifferences differences;
  if (o.validation.draws > 0) {
    const int classes = static_cast<int>(dataset.names.size());
    const BootstrapOptions draws = bootstrap_options(o.validation, speed.threads);
    a_intervals = bootstrap(a.matches, classes, draws);
    b_intervals = bootstrap(b.matches, classes, draws);
    differences = compare(a.matches, b.matches, classes, draws);
  }
  const std::array<std::string, 2> names = names_of(models);
  const ComparisonData report = comparison_report(
      {dataset, o.validation, speed.threads, arithmetic(o.precision, o.tune)}, a,
      report_model(names[0], a, a_intervals),
      report_model(names[1], b, b_intervals), differences);
  if (interrupted() != 0) return exit_code_of_signal(interrupted());
  if (!o.report.empty()) SHRIKE_TRY(write_comparison(o.report, report));
  const std::string text =
      o.json ? comparison_json_line(report, speed) : comparison_text(report, speed);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return pictures_left_out(dataset, a) > 0 ? kExitInput : kExitOk;
}

}  // namespace

Result<int> compare_command(const Words& words) {
  Options o;
  CLI::App app(
      "Shows the same pictures to two models: the differences of their scores, B - A, with 95 % "
      "intervals.",
      "shrike compare");
  std::vector<std::string> shown_in_the_help;
  app.add_option("models", shown_in_the_help, "A and B: names or files")->type_name(kModelValue);
  add_options(app, o);
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;
  if (arguments.words.size() != 2 || o.validation.data.empty())
    return usage_error(
        "compare needs two models and a data set: shrike compare A.onnx B.onnx --data data.yaml");

  SHRIKE_ASSIGN(const Dataset dataset,
                open_validation_data(o.validation, validation_threads(o.threads)));
  SHRIKE_TRY(check_report_folder(o.report, dataset));
  std::vector<Detector> detectors;
  KernelTuner tuner;
  for (const std::string& model : arguments.words) {
    DetectorOptions options;
    options.model.model = model;
    options.size = o.size;
    options.threads = 1;
    options.tune = o.tune;
    options.precision = o.precision;
    SHRIKE_ASSIGN(Detector detector, make_detector(options, {.names = NamesFor::kMatching, .tuner = &tuner}));
    detectors.push_back(std::move(detector));
  }
  const CatchInterrupts caught;
  return compare_and_tell(o, arguments.words, dataset, detectors);
}

}  // namespace shrike
