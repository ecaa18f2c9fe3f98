// Which detections of one picture find which objects: COCO's matching, class by class.
//
// For each class, area range and IoU threshold, detections by falling score (equal ones in the
// order given, at most 100 a class) each take the free object of the highest IoU of at least
// min(t, 1 - 1e-10), the later of equals; objects that count before ignored ones; a crowd may be
// taken often and its overlap is intersection over the detection's area. Ignored are crowds,
// Truth::ignore, objects outside the area range, detections that took an ignored object, and
// detections that took nothing and lie outside the area range.
// As cocoeval.py of pycocotools 2.0 does it, down to the order of ties and of floating-point
// operations.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "vision/box.h"
#include "vision/truth.h"

namespace shrike {

inline constexpr int kIouThresholds = 10;  // 0.50, 0.55 ... 0.95
inline constexpr int kAreaRanges = 4;      // all, small < 32^2, medium < 96^2, large
inline constexpr int kMaxPerClass = 100;   // detections of a class in one picture that count

double iou_threshold(int index);

// One detection after matching. Bit t of the masks: IoU threshold t.
struct Match {
  float score = 0;
  int32_t class_id = 0;
  uint32_t rank = 0;  // among the picture's detections of this class, from 0
  std::array<uint16_t, kAreaRanges> found{};    // took an object
  std::array<uint16_t, kAreaRanges> ignored{};  // counts neither way
};

// Objects of one class in one picture that count, by area range.
struct TruthCount {
  int32_t class_id = 0;
  std::array<uint32_t, kAreaRanges> count{};
};

struct PictureMatches {
  std::vector<Match> matches;       // by class, then rank
  std::vector<TruthCount> truths;   // classes that occur, ascending
};

// Thread-safe; a picture without detections or truth is fine. Boxes x1, y1, x2 - x1, y2 - y1 of
// the detections are taken as doubles. Negative class ids are not allowed.
PictureMatches match_picture(std::span<const Detection> detections, std::span<const Truth> truth);

}  // namespace shrike
