// Non-maximum suppression: of boxes that overlap, the most confident one stays.
//
// Greedy: candidates are taken by falling confidence (equal ones in the order given); one is
// dropped if its IoU with a kept one of the same class is greater than the threshold. Stops at
// max_detections. There is no time limit: the same input always gives the same output.
// With at most 30,000 candidates and 300 kept that is at most nine million overlaps.
#pragma once

#include <vector>

#include "vision/box.h"

namespace shrike {

struct NmsOptions {
  float iou = 0.7f;            // 0..1; Darknet and YOLOX use 0.45
  bool agnostic = false;       // overlaps count between classes, too
  int max_candidates = 30000;  // the most confident ones are looked at
  int max_detections = 300;
};

// The kept candidates by falling confidence. A candidate whose confidence is not a number is
// dropped.
std::vector<Detection> non_max_suppression(const std::vector<Detection>& candidates,
                                           const NmsOptions& options);

// Sorts by falling confidence, equal ones in the order given, and cuts to `limit`; drops those
// whose confidence is not a number.
void keep_most_confident(std::vector<Detection>& candidates, int limit);

}  // namespace shrike
