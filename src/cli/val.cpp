// shrike val: how good a model is on a data set.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "cli/arguments.h"
#include "cli/coco_results.h"
#include "cli/commands.h"
#include "cli/detector_options.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/memory_limit.h"
#include "cli/overwriting.h"
#include "cli/process_memory.h"
#include "cli/terminal.h"
#include "cli/validation_options.h"
#include "cli/validation_text.h"
#include "cli/val_parts.h"
#include "cli/value_names.h"
#include "formats/json.h"

namespace shrike {

namespace {

struct Options {
  DetectorOptions detector;
  ValidationOptions validation;
  PartsOptions parts;
  std::string save_json, report;
  bool json = false;
};

void add_options(CLI::App& app, Options& o) {
  add_detector_options(app, o.detector);
  add_validation_options(app, o.validation);
  add_parts_options(app, o.parts);
  app.add_flag("--json", o.json, "As JSON, fractions from 0 to 1");
  app.add_option("--save-json", o.save_json, "File for the boxes in COCO's results format")
      ->type_name(kFileValue);
  app.add_option("--report", o.report, "Folder for a page with charts, pictures, CSV and JSON")
      ->type_name(kFolderValue);
}

// Nothing where another process tells the result.
Result<std::optional<Validation>> validated(const Options& o, const Dataset& dataset,
                                            Detector& detector,
                                            const std::vector<std::filesystem::path>& files) {
  const int streams = validation_threads(o.detector.threads);
  const bool keep = !o.save_json.empty() || !o.report.empty();
  if (!o.parts.wanted()) {
    SHRIKE_ASSIGN(std::vector<Validation> results,
                  validate_shown(std::span(&detector, 1), dataset, o.validation, streams, keep));
    return std::optional(std::move(results.front()));
  }
  SHRIKE_ASSIGN(PartsOutcome outcome,
                validate_in_parts(detector, dataset,
                                  {o.parts, o.validation, o.detector, files, streams, keep}));
  if (!outcome.whole) tell_share(outcome.share, o.json);
  return std::move(outcome.whole);
}

Result<int> validate_and_tell(const Options& o, const Dataset& dataset, Detector& detector,
                              const std::vector<std::filesystem::path>& files) {
  RunSpeed speed;
  speed.threads = validation_threads(o.detector.threads);
  const auto start = std::chrono::steady_clock::now();
  const Result<std::optional<Validation>> result = validated(o, dataset, detector, files);
  if (interrupted() != 0) return exit_code_of_signal(interrupted());
  if (!result) return result.error();
  if (!*result) return kExitOk;
  tell_matched_by_index(detector, o.detector.model.model);
  const Validation& validation = **result;
  tell_not_finite(validation, o.detector.model.model);
  if (!o.parts.wanted())
    speed.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (validation.dropped_classes > 0)
    say("the data set does not have " + std::to_string(validation.dropped_classes) + " of the " +
        std::to_string(detector.names().size()) + " classes of the model: not looked for");

  SummaryIntervals intervals;
  if (o.validation.draws > 0)
    intervals = bootstrap(validation.matches, static_cast<int>(dataset.names.size()),
                          bootstrap_options(o.validation, speed.threads));
  speed.peak_rss_mb = peak_rss_mb();
  const ValidationRun run{dataset, o.validation, speed.threads,
                          arithmetic(o.detector.precision, o.detector.tune)};
  const ReportData report = validation_report(
      run, validation,
      report_model(std::filesystem::path(o.detector.model.model).filename().string(), validation,
                   intervals),
      detector.description());
  if (interrupted() != 0) return exit_code_of_signal(interrupted());
  if (!o.save_json.empty()) SHRIKE_TRY(write_file(o.save_json, coco_results(dataset, validation)));
  if (!o.report.empty()) SHRIKE_TRY(write_report(o.report, report));
  const std::string text = o.json ? validation_json(run, validation, report, speed)
                                  : validation_text(run, validation, report, speed);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return pictures_left_out(dataset, validation) > 0 ? kExitInput : kExitOk;
}

// Bytes that one of the pictures takes while it is decoded, at most.
size_t largest_picture(const Dataset& dataset) {
  size_t most = 0;
  for (const Sample& sample : dataset.samples)
    most = std::max(most, static_cast<size_t>(sample.width) * static_cast<size_t>(sample.height));
  return most * kDecodedBytes;
}

}  // namespace

Result<int> val_command(const Words& words) {
  Options o;
  CLI::App app(
      "Measures a model on a data set: average precision and recall as COCO defines them, with "
      "95 % intervals.",
      "shrike val");
  add_options(app, o);
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;
  if (!arguments.words.empty())
    return usage_error("val takes --model and --data, not the word " + arguments.words.front());
  if (o.validation.data.empty())
    return usage_error("val needs a data set: shrike val --data data.yaml --model NAME");

  SHRIKE_TRY(check_parts_options(o.parts));
  if (!o.parts.shard.empty() && !(o.save_json.empty() && o.report.empty()))
    return usage_error("--shard gives no result yet: leave --save-json and --report to the call "
                       "without it");

  SHRIKE_ASSIGN(const Dataset dataset,
                open_validation_data(o.validation, validation_threads(o.detector.threads)));
  SHRIKE_TRY(check_not_input(o.save_json, dataset));
  SHRIKE_TRY(check_not_input(o.save_json, {o.detector.names_file}));
  SHRIKE_TRY(check_report_folder(o.report, dataset));
  // Pictures side by side, not the parts of one: more of them a second.
  DetectorOptions one_thread = o.detector;
  one_thread.threads = 1;
  const auto streams = static_cast<size_t>(validation_threads(o.detector.threads));
  std::vector<std::filesystem::path> files;
  SHRIKE_ASSIGN(Detector detector,
                make_detector(one_thread, {.names = NamesFor::kMatching,
                                           .output = o.save_json,
                                           .files = &files,
                                           .held = streams * largest_picture(dataset),
                                           .sessions = streams}));
  const CatchInterrupts caught;
  return validate_and_tell(o, dataset, detector, files);
}

}  // namespace shrike
