// One VOC annotation file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/sample_list.h"

namespace shrike {

struct VocObject {
  std::string name;
  TruthRow box;  // class_id not set; row: the line of the <object>
};

struct VocAnnotation {
  std::string filename;  // empty where the file has none
  StatedSize size;
  std::vector<VocObject> objects;
};

// Objects whose box is none go to `findings`. Errors (kInput) name `source` and the line: text that
// parse_xml refuses, or that is no annotation.
Result<VocAnnotation> parse_voc_annotation(std::string_view text, const std::string& source,
                                           FindingList& findings);

}  // namespace shrike
