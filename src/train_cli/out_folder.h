// Whether a run may leave its files in a folder.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "train_cli/run_data.h"

namespace shrike {

// An error (kUsage) that names both folders where what a run writes into `out` would lie among the
// data set's files, or would be taken for pictures of it: `out` lies in a folder whose pictures the
// set takes in (data/searched_folders.h), also by a link in one; holds pictures of the set, its labels
// or its data.yaml; or the set lies where the run has its checkpoints or its report. Elsewhere beside, above or below the set is
// well. Nothing is made. Errors otherwise: those of searched_folders().
Result<void> check_out_folder(const std::filesystem::path& out, const RunData& data);

}  // namespace shrike
