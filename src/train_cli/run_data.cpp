#include "train_cli/run_data.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

#include "augment/loader.h"
#include "base/excerpt.h"
#include "cli/dataset_option.h"
#include "cli/judged_pictures.h"
#include "cli/terminal.h"
#include "cli/validation_options.h"
#include "data/check.h"
#include "data/halves.h"
#include "data/picture_folder.h"
#include "vision/decode.h"

namespace shrike {

namespace {

Result<void> check_labels(const Dataset& dataset) {
  if (dataset.samples.empty())
    return input_error("cannot train on " + describe(dataset) + ": it has no pictures");
  const auto has_objects = [](const Sample& sample) {
    return std::any_of(sample.truth.begin(), sample.truth.end(),
                       [](const Truth& t) { return t.counts(); });
  };
  if (std::none_of(dataset.samples.begin(), dataset.samples.end(), has_objects))
    return input_error("cannot train on " + describe(dataset) + ": no picture has a label");
  return {};
}

// No error: everything here goes by numbers, and there are sets with thousands of classes whose names
// are not all different. But who goes by names, as `val` on another list of classes does, cannot
// tell the two apart.
void tell_repeated_names(const Dataset& dataset) {
  std::map<std::string_view, size_t> first;
  for (size_t id = 0; id < dataset.names.size(); ++id)
    if (const auto [found, is_new] = first.emplace(dataset.names[id], id); !is_new)
      say(printable(dataset.source.string()) + ": the classes " + std::to_string(found->second) +
          " and " + std::to_string(id) + " are both called " + in_quotes(dataset.names[id]) +
          ": they are learned and judged as two, which nobody who goes by names can tell apart");
}

// That one of its pictures can be read: the first that can is enough.
Result<void> check_learned(const Dataset& train) {
  for (const Sample& sample : train.samples) {
    const auto image = read_image(sample.picture);
    if (image) return {};
    if (image.error().kind != ErrorKind::kInput) return image.error();
  }
  return input_error("cannot train on " + describe(train) + ": none of its " +
                     std::to_string(train.samples.size()) + " pictures can be read");
}

// Fills in `judged` and `unread`; what cannot be read is told.
Result<void> check_judged(RunData& data, int threads, Ranks& ranks) {
  const Dataset& val = data.val;
  Dataset readable = val;
  readable.findings.clear();
  SHRIKE_ASSIGN(const bool whole,
                check_dataset(readable, {threads, [&ranks](size_t, size_t) {
                                           return !ranks.told_to_end();
                                         }}));
  if (!whole) return runtime_error("told to end while the pictures of val were looked at");
  std::erase_if(readable.findings, [](const Finding& finding) {
    return finding.kind != FindingKind::kCorruptPicture;
  });
  tell_findings(readable);
  if (readable.samples.empty())
    return input_error("cannot judge by " + describe(val) + ": none of its " +
                       std::to_string(val.samples.size()) + " pictures can be read");
  SHRIKE_TRY(check_labels(readable));
  for (const Sample& sample : val.samples) data.unread.insert(sample.picture);
  for (const Sample& sample : readable.samples) data.unread.erase(sample.picture);
  data.judged = data_fingerprint(readable);
  return {};
}

// What the first rank sees of the pixels, on all ranks.
Result<void> check_pictures(RunData& data, int threads, Ranks& ranks) {
  SHRIKE_ASSIGN(const std::string judged, ranks.from_first([&]() -> Result<std::string> {
    SHRIKE_TRY(check_learned(data.train));
    SHRIKE_TRY(check_judged(data, threads, ranks));
    return std::to_string(data.judged);
  }));
  std::from_chars(judged.data(), judged.data() + judged.size(), data.judged);
  return {};
}

Result<Dataset> open_checked(const TrainOptions& options, const std::string& split, int threads,
                             bool tells) {
  SHRIKE_ASSIGN(Dataset dataset,
                open_dataset(options.data, {split, options.pictures, threads, false}));
  SHRIKE_TRY(check_pictures_option(options.pictures, dataset));
  if (tells) tell_findings(dataset);
  if (const Result<void> classes = check_classes(dataset); !classes)
    return in_context("cannot train", classes.error());
  SHRIKE_TRY(check_labels(dataset));
  return dataset;
}

// A share of train becomes val.
Result<void> hold_out(RunData& data, double share) {
  const std::vector<bool> held = held_out(pictures_of(data.train), share);
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
  Result<Dataset> dataset = open_picture_folder(options.unlabeled, names, threads);
  if (!dataset) return in_context("--unlabeled", dataset.error());
  tell_findings(*dataset);
  return dataset;
}

}  // namespace

Result<Dataset> open_training_pictures(const TrainOptions& options, int threads) {
  RunData data;
  SHRIKE_ASSIGN(data.train, open_checked(options, "train", threads, true));
  if (options.holdout > 0) SHRIKE_TRY(hold_out(data, options.holdout));
  return std::move(data.train);
}

Result<RunData> open_run_data(const TrainOptions& options, int threads, Ranks& ranks) {
  RunData data;
  SHRIKE_ASSIGN(data.train, open_checked(options, "train", threads, ranks.first()));
  if (!options.unlabeled.empty()) {
    SHRIKE_ASSIGN(data.unlabeled, open_unlabeled(options, data.train.names, threads));
  }
  if (ranks.first()) tell_repeated_names(data.train);
  if (options.holdout > 0) {
    SHRIKE_TRY(hold_out(data, options.holdout));
  } else {
    SHRIKE_ASSIGN(data.val, open_checked(options, "val", threads, ranks.first()));
    if (data.train.names != data.val.names)
      return input_error("the splits train and val of " + data.train.source.string() +
                         " have different classes");
  }
  if (ranks.first()) tell_judged_pictures(data.unlabeled, data.val);
  SHRIKE_TRY(check_pictures(data, threads, ranks));
  return data;
}

}  // namespace shrike
