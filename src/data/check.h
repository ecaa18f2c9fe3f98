// What reading a data set does not notice: pictures whose header is whole but whose pixels are not,
// and label files that belong to no picture.
#pragma once

#include <cstddef>
#include <functional>

#include "base/result.h"
#include "data/dataset.h"

namespace shrike {

struct DatasetCheckOptions {
  int threads = 1;
  // Called after each picture, from one thread at a time; false ends the check early.
  std::function<bool(size_t done, size_t total)> progress;
};

// Decodes every picture of `dataset`, and looks for orphans in the folders of its label files.
// Samples whose picture is damaged are taken out; all that is found is appended to the findings,
// in the order of the samples. Reads only. False where `progress` ended it. Errors: kRuntime where
// memory ran out.
Result<bool> check_dataset(Dataset& dataset, const DatasetCheckOptions& options);

}  // namespace shrike
