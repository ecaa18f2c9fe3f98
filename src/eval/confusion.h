// The confusion matrix of a detector: which class is taken for which.
//
// Detections over a confidence are matched with objects whatever their classes: pairs of an IoU
// over the threshold by falling IoU (of equal ones the earlier detection, then the earlier object),
// each detection and object once. cell(truth, predicted) counts them; the last row is background
// taken for an object, the last column an object not found. Crowds and ignored objects are neither:
// a detection that found nothing but overlaps one of them as much (of a crowd: by its own area) is
// left out.
// Close to Ultralytics' ConfusionMatrix, transposed; there a detection whose best object goes to
// another one is background even if a second object would do.
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
  explicit ConfusionMatrix(int classes);

  // One picture. Requires class ids of 0 .. classes() - 1.
  void add(std::span<const Detection> detections, std::span<const Truth> truth,
           const ConfusionOptions& options);
  void add(const ConfusionMatrix& other);  // of as many classes

  int classes() const { return classes_; }
  // classes() stands for background.
  uint64_t cell(int truth, int predicted) const { return cells_[index(truth, predicted)]; }

  bool operator==(const ConfusionMatrix&) const = default;

 private:
  size_t index(int truth, int predicted) const {
    return static_cast<size_t>(truth) * (static_cast<size_t>(classes_) + 1) +
           static_cast<size_t>(predicted);
  }

  int classes_;
  std::vector<uint64_t> cells_;
};

}  // namespace shrike
