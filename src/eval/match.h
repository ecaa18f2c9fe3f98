// Which detections of one picture find which objects: COCO's matching, class by class.
//
// For each class, area range and IoU threshold, detections by falling confidence (equal ones in the
// order given, at most 100 a class) each take the free object of the highest IoU of at least the
// threshold, the later of equals; objects that count before ignored ones; a crowd may be taken
// often and its overlap is intersection over the detection's area. Ignored are crowds,
// Truth::ignore, objects outside the area range, detections that took an ignored object, and
// detections that took nothing and lie outside the area range.
// As cocoeval.py of pycocotools 2.0 does it, down to the order of ties and of floating-point
// operations. (Its COCOeval overwrites an annotation's own "ignore" by "iscrowd"; Truth::ignore is
// what it would do if it did not: unlike a crowd, such an object is taken once.)
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "vision/box.h"
#include "vision/truth.h"

namespace shrike {

inline constexpr int kIouThresholds = 10;  // 0.50, 0.55 ... 0.95
inline constexpr int kAreaRanges = 4;      // all, small, medium, large
inline constexpr int kMaxPerClass = 100;   // detections of a class in one picture that count

// In square pixels, both ends belong to it: 0 to 1e10, 0 to 32^2, 32^2 to 96^2, 96^2 to 1e10.
struct AreaRange {
  const char* name;
  double least, most;
};

const AreaRange& area_range(int index);
double iou_threshold(int index);

// One detection after matching. Bit t of the masks: IoU threshold t. Its class and its rank follow
// from its place in PictureMatches.
struct Match {
  float confidence = 0;
  std::array<uint16_t, kAreaRanges> found{};    // took an object
  std::array<uint16_t, kAreaRanges> ignored{};  // counts neither way

  bool operator==(const Match&) const = default;
};

// One class in one picture.
struct ClassMatches {
  int32_t class_id = 0;
  uint32_t detections = 0;                      // its part of PictureMatches::matches
  std::array<uint32_t, kAreaRanges> objects{};  // that count, by area range

  bool operator==(const ClassMatches&) const = default;
};

// All that scoring needs to know of a picture. Plain data: pictures matched elsewhere score the
// same, to the bit, once they stand in the same order.
struct PictureMatches {
  std::vector<ClassMatches> classes;  // those that were detected or are there, ascending
  std::vector<Match> matches;         // of classes[0] by falling confidence, then of classes[1] ...

  bool operator==(const PictureMatches&) const = default;
};

// Thread-safe; a picture without detections or truth is fine. The boxes of detections are taken as
// coco_box() has them. A detection whose confidence is not a number is left out. Requires finite
// boxes and class ids of at least 0.
PictureMatches match_picture(std::span<const Detection> detections, std::span<const Truth> truth);

}  // namespace shrike
