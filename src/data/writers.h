// The writers behind convert_dataset, one a format: labels and lists, not the pictures.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/convert.h"

namespace shrike {

struct OutputSplit {
  std::string name;
  const Dataset* dataset = nullptr;
  std::vector<std::string> file_names;  // of the pictures, one a sample
};

// Where a format keeps the pictures of a split, inside the data set's folder.
std::filesystem::path pictures_folder(DatasetFormat format, const std::string& split);

// Each writes into `folder`, which is there and empty but for pictures, and counts in `conversion`.
// Requires at least one split, all of the same classes, and file names as FileNames makes them; an
// equal one in the same folder stands for a sample with the same objects in another split.
Result<void> write_yolo(std::span<const OutputSplit> splits, const std::filesystem::path& folder,
                        Conversion& conversion);
Result<void> write_coco(std::span<const OutputSplit> splits, const std::filesystem::path& folder,
                        Conversion& conversion);
Result<void> write_voc(std::span<const OutputSplit> splits, const std::filesystem::path& folder,
                       Conversion& conversion);

}  // namespace shrike
