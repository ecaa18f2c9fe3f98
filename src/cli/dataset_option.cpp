#include "cli/dataset_option.h"

#include "base/cpu.h"
#include "base/excerpt.h"
#include "cli/pixels_option.h"
#include "cli/terminal.h"
#include "cli/value_names.h"

namespace shrike {

namespace fs = std::filesystem;

void add_dataset_options(CLI::App& app, DatasetOption& option) {
  app.add_option("--split", option.split, "train, val, test or another that there is, or all")
      ->type_name(kSplitValue)
      ->capture_default_str();
  app.add_option("--pictures", option.pictures, "COCO: the folder of the pictures")
      ->type_name(kFolderValue);
  add_pixels_option(app);
  app.add_option("--threads", option.threads, "Threads that read; 0: every core")
      ->capture_default_str()
      ->check(whole_number_in(0, 1024));
}

int reading_threads(const DatasetOption& option) {
  return option.threads > 0 ? option.threads : usable_cores();
}

Result<fs::path> dataset_word(const Arguments& arguments, const std::string& command) {
  if (arguments.words.size() != 1)
    return usage_error(command + " needs one data set: a data.yaml, a COCO .json or a folder");
  return fs::path(arguments.words.front());
}

Result<std::vector<std::string>> wanted_splits(const fs::path& path, const DatasetOption& option) {
  if (option.split != "all") return std::vector{option.split};
  SHRIKE_ASSIGN(std::vector<std::string> splits, dataset_splits(path));
  if (splits.empty()) splits.emplace_back();
  return splits;
}

Result<Dataset> open_split(const fs::path& path, const std::string& split,
                           const DatasetOption& option, bool tolerant) {
  DatasetOptions options;
  if (!split.empty()) options.split = split;
  options.pictures = option.pictures;
  options.threads = reading_threads(option);
  options.tolerant = tolerant;
  SHRIKE_ASSIGN(Dataset dataset, open_dataset(path, options));
  SHRIKE_TRY(check_pictures_option(option.pictures, dataset));
  return dataset;
}

Result<void> check_pictures_option(const std::string& pictures, const Dataset& dataset) {
  if (pictures.empty() || dataset.format == DatasetFormat::kCoco) return {};
  return usage_error("--pictures is for COCO files; " + dataset.source.string() +
                     " says itself where its pictures lie");
}

Result<void> check_classes(const Dataset& dataset) {
  for (const Finding& finding : dataset.findings)
    if (finding.kind == FindingKind::kUnknownClass)
      return input_error(describe(dataset) + ": its labels name classes that it does not have: " +
                         finding_text(finding));
  return {};
}

void say_findings(const Dataset& dataset) {
  const size_t count = count_of(dataset.findings);
  if (count > 0)
    say(printable(describe(dataset)) + ": " + std::to_string(count) +
        (count == 1 ? " finding" : " findings") + "; shrike data check lists them");
}

std::string describe(const Dataset& dataset) {
  return dataset.source.string() + (dataset.split.empty() ? "" : ", " + dataset.split);
}

std::vector<fs::path> pictures_of(const Dataset& dataset) {
  std::vector<fs::path> pictures;
  for (const Sample& sample : dataset.samples) pictures.push_back(sample.picture);
  return pictures;
}

}  // namespace shrike
