// A box as COCO's files have it, in doubles, and the overlap that COCO scores by.
//
// The order of the operations is that of bbIou in pycocotools' maskApi.c: another one moves pairs
// over an IoU threshold. A file of detections that is to score the same elsewhere has to hold what
// coco_box() returns, with every digit.
#pragma once

#include <algorithm>

#include "vision/box.h"
#include "vision/truth.h"

namespace shrike {

struct CocoBox {
  double x = 0, y = 0;           // left, top; pixels
  double width = 0, height = 0;  // pixels

  double area() const { return width * height; }
};

inline CocoBox coco_box(const Box& b) {
  const double x1 = b.x1, y1 = b.y1, x2 = b.x2, y2 = b.y2;
  return {x1, y1, x2 - x1, y2 - y1};
}

inline CocoBox coco_box(const Truth& t) { return {t.x, t.y, t.width, t.height}; }

// Intersection over union; over the detection's own area where the object is a crowd, which is more
// than one object large. 0 where the boxes do not overlap.
inline double overlap(const CocoBox& detection, const CocoBox& object, bool crowd) {
  const double w = std::min(detection.width + detection.x, object.width + object.x) -
                   std::max(detection.x, object.x);
  if (!(w > 0)) return 0;
  const double h = std::min(detection.height + detection.y, object.height + object.y) -
                   std::max(detection.y, object.y);
  if (!(h > 0)) return 0;
  const double intersection = w * h, own = detection.area();
  return intersection / (crowd ? own : own + object.area() - intersection);
}

}  // namespace shrike
