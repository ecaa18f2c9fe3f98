#include "train_cli/run_data.h"

#include <algorithm>

#include "cli/dataset_option.h"
#include "cli/validation_options.h"

namespace shrike {

namespace {

Result<Dataset> open_checked(const TrainOptions& options, const std::string& split, int threads) {
  ValidationOptions wanted;
  wanted.data = options.data;
  wanted.pictures = options.pictures;
  wanted.split = split;
  SHRIKE_ASSIGN(Dataset dataset, open_validation_data(wanted, threads));
  for (const Finding& finding : dataset.findings)
    if (finding.kind == FindingKind::kUnknownClass)
      return input_error("cannot train on " + describe(dataset) + ": " + finding_text(finding));
  if (dataset.samples.empty())
    return input_error("cannot train on " + describe(dataset) + ": it has no pictures");
  const auto has_objects = [](const Sample& sample) { return !sample.truth.empty(); };
  if (std::none_of(dataset.samples.begin(), dataset.samples.end(), has_objects))
    return input_error("cannot train on " + describe(dataset) + ": no picture has a label");
  return dataset;
}

}  // namespace

Result<RunData> open_run_data(const TrainOptions& options, int threads) {
  RunData data;
  SHRIKE_ASSIGN(data.train, open_checked(options, "train", threads));
  SHRIKE_ASSIGN(data.val, open_checked(options, "val", threads));
  if (data.train.names != data.val.names)
    return input_error("the splits train and val of " + data.train.source.string() +
                       " have different classes");
  return data;
}

}  // namespace shrike
