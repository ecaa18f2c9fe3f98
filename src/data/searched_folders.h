// Where a data set looks for pictures by itself: what is put there is a part of it from then on.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"

namespace shrike {

// The folders, each with those below it, that the splits train, val and test name, whichever is
// the dataset's own: what one run writes, another would judge by. Of a pattern the last one
// in front of its wildcards. None where the files of the set name each picture: list files, COCO,
// VOC. Errors: those of read_yolo_settings().
Result<std::vector<std::filesystem::path>> searched_folders(const Dataset& dataset);

}  // namespace shrike
