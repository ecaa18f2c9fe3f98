// Truth: one object that a data set says is in a picture.
//
// Edges are doubles and stay as the file has them: COCO's scores are defined on these numbers, and
// rounding them to floats moves boxes over an IoU threshold.
#pragma once

namespace shrike {

struct Truth {
  double x = 0, y = 0;           // left, top; pixels of the picture, upright
  double width = 0, height = 0;  // pixels
  double area = 0;               // square pixels: COCO's "area" (its mask's), else width * height
  int class_id = 0;              // from 0, an index into the data set's names
  bool crowd = false;  // COCO's iscrowd: a region of many; boxes inside are neither right nor wrong
  bool ignore = false;  // VOC's difficult: to find it is neither right nor wrong

  // Learned from, and found or missed.
  bool counts() const { return !crowd && !ignore; }

  bool operator==(const Truth&) const = default;
};

}  // namespace shrike
