// Detections, or the objects that a data set names, drawn on a picture: boxes in the colour of
// their class, names and confidences.
//
// Lines and text grow with the picture. Labels stand above their box where there is room, below
// its upper edge where there is none, and never leave the picture; the more confident lie on top.
// Text is black or white on the colour of the class. Without any font on the machine boxes are
// still drawn.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "vision/box.h"
#include "vision/image.h"
#include "vision/truth.h"

namespace shrike {

// Boxes in pixels of the picture; those that are not finite are left out. Classes are
// called as in class_name.h; bytes of a name that are not UTF-8 show as '?'. Pixels that nothing is
// drawn on are unchanged.
// Errors: a side over 32,767 pixels (kInput), no memory (kRuntime). Requires a picture.
Result<Image> draw_detections(const Image& picture, std::span<const Detection> detections,
                              std::span<const std::string> names);

// The same for objects of a data set: dashed, without confidences, the smaller on top; crowds and
// ignored objects are called so.
Result<Image> draw_truth(const Image& picture, std::span<const Truth> truth,
                         std::span<const std::string> names);

}  // namespace shrike
