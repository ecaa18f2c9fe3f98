#include "cli/validation_options.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "base/cpu.h"
#include "base/excerpt.h"
#include "cli/arguments.h"
#include "cli/dataset_option.h"
#include "cli/interrupt.h"
#include "cli/overwriting.h"
#include "cli/terminal.h"
#include "cli/value_names.h"

namespace shrike {

namespace {

constexpr size_t kShownLines = 5;

// The first few lines, then how many there are.
void say_some(const std::vector<std::string>& lines, const std::string& what) {
  for (size_t i = 0; i < std::min(lines.size(), kShownLines); ++i) say(printable(lines[i]));
  if (lines.size() > kShownLines) say(std::to_string(lines.size() - kShownLines) + " more " + what);
}

bool leaves_picture_out(const Finding& finding) {
  return finding.kind == FindingKind::kMissingPicture ||
         finding.kind == FindingKind::kCorruptPicture ||
         finding.kind == FindingKind::kUnreadableLabel;
}

}  // namespace

void add_validation_options(CLI::App& app, ValidationOptions& options) {
  app.add_option("--data", options.data,
                 "The data set: data.yaml or its folder, a COCO .json, a VOC folder")
      ->type_name(kFileValue);
  app.add_option("--split", options.split, "Which part of it")
      ->type_name(kSplitValue)
      ->capture_default_str();
  app.add_option("--pictures", options.pictures,
                 "Folder of a COCO file's pictures, where it is not found")
      ->type_name(kFolderValue);
  app.add_option("--conf", options.detect.conf, "Least confidence of a box")
      ->capture_default_str()
      ->check(number_in(0, 1));
  app.add_option("--iou", options.detect.iou,
                 "Overlap from which the weaker of two boxes goes (as detect)")
      ->check(number_in(0, 1));
  app.add_option("--max-det", options.detect.max_det, "Most boxes of a picture")
      ->capture_default_str()
      ->check(whole_number_in(1, 30000));
  app.add_flag("--classes-by-index", options.classes_by_index,
               "Match classes by number, whatever their names");
  app.add_option("--bootstrap", options.draws, "Draws for the 95 % intervals; 0: none")
      ->capture_default_str()
      ->check(whole_number_in(0, 1000000));
  app.add_option("--seed", options.seed, "Of the draws")
      ->capture_default_str()
      ->check(whole_number_of_64_bits());
}

Result<Dataset> open_validation_data(const ValidationOptions& options, int threads) {
  SHRIKE_ASSIGN(Dataset dataset,
                open_dataset(options.data, {options.split, options.pictures, threads, false}));
  SHRIKE_TRY(check_pictures_option(options.pictures, dataset));
  tell_findings(dataset);
  return dataset;
}

void tell_findings(const Dataset& dataset) {
  std::vector<std::string> lines;
  for (const Finding& finding : dataset.findings) lines.push_back(finding_text(finding));
  say_some(lines, "findings (shrike data check lists them all)");
}

ValidateOptions validate_options(const ValidationOptions& options, int streams,
                                 bool keep_detections) {
  ValidateOptions validation;
  validation.view.detect = options.detect;
  validation.view.detect.check_finite = true;
  if (options.classes_by_index) validation.view.classes = ClassMatching::kByIndex;
  validation.view.streams = streams;
  validation.keep_detections = keep_detections;
  return validation;
}

void tell_skipped(const Validation& validation) {
  std::vector<std::string> lines;
  for (const SkippedPicture& skipped : validation.skipped) lines.push_back(skipped.reason);
  say_some(lines, "pictures could not be read");
}

void tell_not_finite(const Validation& validation, const std::string& model) {
  if (validation.not_finite == 0) return;
  say(printable(model) + ": what it says of " + std::to_string(validation.not_finite) + " of " +
      std::to_string(validation.scored.size()) +
      " pictures is in part infinite or no number");
}

Result<std::vector<Validation>> validate_shown(std::span<Detector> detectors,
                                               const Dataset& dataset,
                                               const ValidationOptions& options, int threads,
                                               bool keep_detections) {
  ProgressBar bar(dataset.samples.size(), true);
  ValidateOptions validation = validate_options(options, threads, keep_detections);
  validation.progress = [&](size_t done, size_t) {
    bar.set(done);
    return interrupted() == 0;
  };
  SHRIKE_ASSIGN(std::vector<Validation> results, validate(detectors, dataset, validation));
  bar.clear();
  tell_skipped(results.front());
  return results;
}

Result<void> check_report_folder(const std::filesystem::path& folder, const Dataset& dataset) {
  if (folder.empty()) return {};
  SHRIKE_TRY(check_not_input(folder / "report.json", dataset));
  std::set<std::filesystem::path> folders;
  for (const Sample& sample : dataset.samples) folders.insert(sample.picture.parent_path());
  for (const std::filesystem::path& own : folders) {
    std::error_code error;  // where the folder is not there
    if (std::filesystem::equivalent(own.empty() ? "." : own, folder, error))
      return usage_error("--report " + folder.string() +
                         ": pictures of the data set lie there; name another folder");
  }
  return {};
}

int validation_threads(int option) { return option > 0 ? option : usable_cores(); }

BootstrapOptions bootstrap_options(const ValidationOptions& options, int threads) {
  return {options.draws, options.seed, threads, [] { return interrupted() != 0; }};
}

size_t pictures_left_out(const Dataset& dataset, const Validation& validation) {
  return static_cast<size_t>(
             std::count_if(dataset.findings.begin(), dataset.findings.end(), leaves_picture_out)) +
         validation.skipped.size();
}

}  // namespace shrike
