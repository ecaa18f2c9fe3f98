#include "train_cli/run_data.h"

#include <algorithm>

#include "cli/dataset_option.h"
#include "cli/validation_options.h"
#include "data/halves.h"
#include "data/picture_folder.h"

namespace shrike {

namespace {

Result<void> check_labels(const Dataset& dataset) {
  if (dataset.samples.empty())
    return input_error("cannot train on " + describe(dataset) + ": it has no pictures");
  const auto has_objects = [](const Sample& sample) { return !sample.truth.empty(); };
  if (std::none_of(dataset.samples.begin(), dataset.samples.end(), has_objects))
    return input_error("cannot train on " + describe(dataset) + ": no picture has a label");
  return {};
}

Result<Dataset> open_checked(const TrainOptions& options, const std::string& split, int threads) {
  ValidationOptions wanted;
  wanted.data = options.data;
  wanted.pictures = options.pictures;
  wanted.split = split;
  SHRIKE_ASSIGN(Dataset dataset, open_validation_data(wanted, threads));
  if (const Result<void> classes = check_classes(dataset); !classes)
    return in_context("cannot train", classes.error());
  SHRIKE_TRY(check_labels(dataset));
  return dataset;
}

// A share of train becomes val.
Result<void> hold_out(RunData& data, double share) {
  std::vector<std::filesystem::path> pictures;
  for (const Sample& sample : data.train.samples) pictures.push_back(sample.picture);
  const std::vector<bool> held = held_out(pictures, share);
  data.val = data.train;
  data.val.samples.clear();
  data.val.split += ", held out";
  std::vector<Sample> rest;
  for (size_t i = 0; i < held.size(); ++i)
    (held[i] ? data.val.samples : rest).push_back(std::move(data.train.samples[i]));
  data.train.samples = std::move(rest);
  SHRIKE_TRY(check_labels(data.train));
  return check_labels(data.val);
}

Result<Dataset> open_unlabeled(const TrainOptions& options, const std::vector<std::string>& names,
                               int threads) {
  SHRIKE_ASSIGN(Dataset dataset, open_picture_folder(options.unlabeled, names, threads));
  tell_findings(dataset);
  return dataset;
}

}  // namespace

Result<Dataset> open_training_pictures(const TrainOptions& options, int threads) {
  RunData data;
  SHRIKE_ASSIGN(data.train, open_checked(options, "train", threads));
  if (options.holdout > 0) SHRIKE_TRY(hold_out(data, options.holdout));
  return std::move(data.train);
}

Result<RunData> open_run_data(const TrainOptions& options, int threads) {
  RunData data;
  SHRIKE_ASSIGN(data.train, open_checked(options, "train", threads));
  if (!options.unlabeled.empty()) {
    SHRIKE_ASSIGN(data.unlabeled, open_unlabeled(options, data.train.names, threads));
  }
  if (options.holdout > 0) {
    SHRIKE_TRY(hold_out(data, options.holdout));
    return data;
  }
  SHRIKE_ASSIGN(data.val, open_checked(options, "val", threads));
  if (data.train.names != data.val.names)
    return input_error("the splits train and val of " + data.train.source.string() +
                       " have different classes");
  return data;
}

}  // namespace shrike
