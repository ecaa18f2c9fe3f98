// The confusion matrix of a detector: which class is taken for which.
//
// Detections over a confidence are matched with objects whatever their classes: pairs of IoU over
// the threshold by falling IoU, each detection and object once. cell(truth, predicted) counts;
// the last row is background taken for an object, the last column an object not found. Crowds and
// ignored objects: what lies on them (as in match.h) is left out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vision/box.h"
#include "vision/truth.h"

namespace shrike {

struct ConfusionOptions {
  float confidence = 0.25f;
  double iou = 0.45;
};

class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(int classes)
      : classes_(classes), cells_(static_cast<size_t>(classes + 1) * (classes + 1)) {}

  // One picture.
  void add(std::span<const Detection> detections, std::span<const Truth> truth,
           const ConfusionOptions& options);
  void add(const ConfusionMatrix& other);  // of as many classes

  int classes() const { return classes_; }
  uint64_t cell(int truth, int predicted) const {
    return cells_[static_cast<size_t>(truth) * (classes_ + 1) + predicted];
  }

 private:
  int classes_;
  std::vector<uint64_t> cells_;
};

}  // namespace shrike
