// Options of commands that read a data set.
#pragma once

#include <CLI/CLI.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/arguments.h"
#include "data/dataset.h"

namespace shrike {

struct DatasetOption {
  std::string split = "all", pictures;
  int threads = 0;  // 0: every core
};

// --split, --pictures, --max-pixels and --threads.
void add_dataset_options(CLI::App& app, DatasetOption& option);

// The threads that are meant, at least 1.
int reading_threads(const DatasetOption& option);

// The one word that a command has: where the data set is. Errors are of kUsage.
Result<std::filesystem::path> dataset_word(const Arguments& arguments, const std::string& command);

// What --split names: for "all" those of the data set, or "" where it has none.
Result<std::vector<std::string>> wanted_splits(const std::filesystem::path& path,
                                               const DatasetOption& option);

// open_dataset with these options, --pictures checked; `split` is one of wanted_splits.
Result<Dataset> open_split(const std::filesystem::path& path, const std::string& split,
                           const DatasetOption& option, bool tolerant);

// Labels of classes that the data set does not define are of another model, and what is left
// without them is not what it should be: an error (kInput) that names the first.
Result<void> check_classes(const Dataset& dataset);

// On standard error how many things are wrong with a data set, if any.
void say_findings(const Dataset& dataset);

// An error (kUsage) where --pictures is given and would do nothing: the set is not COCO's.
Result<void> check_pictures_option(const std::string& pictures, const Dataset& dataset);

// "coco128/data.yaml, val"
std::string describe(const Dataset& dataset);

// In the order of the samples.
std::vector<std::filesystem::path> pictures_of(const Dataset& dataset);

}  // namespace shrike
