// The readers behind open_dataset, one a format, and the splits each finds. Errors as there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace shrike {

// `yaml`: the settings file.
Result<Dataset> open_yolo(const std::filesystem::path& yaml, const DatasetOptions& options);
Result<std::vector<std::string>> yolo_splits(const std::filesystem::path& yaml);

// `json`: the annotations.
Result<Dataset> open_coco(const std::filesystem::path& json, const DatasetOptions& options);

// `folder`: the one that holds Annotations, or the XML files.
Result<Dataset> open_voc(const std::filesystem::path& folder, const DatasetOptions& options);
std::vector<std::string> voc_splits(const std::filesystem::path& folder);
bool is_voc_folder(const std::filesystem::path& folder);

}  // namespace shrike
