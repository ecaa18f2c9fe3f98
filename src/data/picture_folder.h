// Pictures that nobody has labelled, as a data set.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"

namespace shrike {

// The pictures in `folder` and the folders below it, without truth, with these classes. Those that
// cannot be read are findings. Errors: kInput where there is none; those of pictures_below() and
// load_samples().
Result<Dataset> open_picture_folder(const std::filesystem::path& folder,
                                    const std::vector<std::string>& names, int threads);

}  // namespace shrike
