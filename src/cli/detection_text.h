// What `detect` says about one picture: a line of JSON, lines for a person, a YOLO label file.
#pragma once

#include <string>
#include <vector>

#include "detect/detector.h"

namespace shrike {

struct PictureResult {
  std::string picture;  // as the user named it
  int width = 0, height = 0;
  Detections detections;
  std::string saved;  // the annotated picture, empty when none was wanted
};

// {"image","width","height","detections":[{"class_id","class","confidence","box":[x1,y1,x2,y2]}],
//  "speed_ms":{"preprocess","inference","postprocess"}} and a line feed; "saved" where there is.
// Boxes in pixels of the picture.
std::string detection_json(const PictureResult& result, const std::vector<std::string>& names);

// The picture's line and one line a box, colours when `colour`.
std::string detection_lines(const PictureResult& result, const std::vector<std::string>& names,
                            bool colour);

// "CLASS CX CY W H\n" a box, as fractions of the picture's sides, six significant digits like
// Ultralytics' label files; with `confidence` a sixth number. Empty for a picture without boxes.
std::string label_text(const PictureResult& result, bool confidence);

}  // namespace shrike
