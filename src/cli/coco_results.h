// Detections as COCO's tools take them. https://cocodataset.org/#format-results
#pragma once

#include <string>

#include "validate/validate.h"

namespace shrike {

// [{"image_id","category_id","bbox":[x,y,width,height],"score"},...]: the pictures in the order of
// the data set, in each the highest score first. Every number reads back as the one that was
// scored, so that COCO's own evaluation gives the same numbers. Requires kept detections.
std::string coco_results(const Dataset& dataset, const Validation& validation);

}  // namespace shrike
