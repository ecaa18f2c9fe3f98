// What a model's family does before and after the network.
#pragma once

#include "detect/network.h"
#include "vision/letterbox.h"

namespace shrike {

struct Family {
  Preprocess preprocess;
  float iou = 0.7f;          // NMS threshold
  bool agnostic = false;     // NMS across classes
  bool multi_label = false;  // every class over the threshold counts
  bool end_to_end = false;   // boxes are final: no NMS
};

// From the head's kind, what the file's own NMS does, the layout, the metadata key `preprocess`
// (Darknet imports carry it) and the caller's choice, which wins.
Family family_of(const Network& network, PreprocessChoice choice);

}  // namespace shrike
