// Whether a run may leave its files in a folder.
#pragma once

#include <filesystem>
#include <initializer_list>

#include "base/result.h"
#include "data/dataset.h"

namespace shrike {

// An error (kUsage) that names both folders where what a run writes into `out` would lie among the
// data sets' files, or would be taken for pictures of them: `out` lies in a folder whose pictures a
// set takes in (data/searched_folders.h), also by a link in one; or holds pictures of a set, its
// labels or its data.yaml. `unlabeled`: a folder of pictures, none without samples. Elsewhere
// beside, above or below the sets is well. Nothing is made. Errors otherwise: those of
// searched_folders().
Result<void> check_out_folder(const std::filesystem::path& out,
                              std::initializer_list<const Dataset*> sets,
                              const Dataset& unlabeled = {});

}  // namespace shrike
