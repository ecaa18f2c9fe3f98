// What a COCO annotation file says, before it is checked against itself and the pictures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/sample_list.h"

namespace shrike {

struct CocoImage {
  int64_t id = 0;
  std::string file_name;
  StatedSize size;
};

struct CocoAnnotation {
  int64_t id = 0, image_id = 0, category_id = 0;
  Truth truth;  // class_id not set
};

struct CocoCategory {
  int64_t id = 0;
  std::string name;
};

struct CocoFile {
  std::vector<CocoImage> images;
  std::vector<CocoAnnotation> annotations;  // in the order of the file
  std::vector<CocoCategory> categories;
};

// Annotations without a box of four numbers go to `findings`. Errors (kInput) name the file: not
// valid JSON, no images or categories, an entry whose ids or names are missing or of another type.
Result<CocoFile> read_coco_file(const std::filesystem::path& json, FindingList& findings);

}  // namespace shrike
