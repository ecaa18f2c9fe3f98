// The loss of heads with anchors (YOLOv3, v4, v5, v7).
//
// An object is matched with an anchor where neither side is `4` times the anchor's or less than a
// quarter of it, on every scale, at the cell of its centre; where the head's coding lets a centre
// lie half a cell outside its cell (kAnchor; kDarknet with scale_xy of 2), also at the nearer
// neighbour in x and in y: at neither from the middle of a cell; from a border at the one before,
// and at its own cell again. Several objects may be matched at one place. With L scales, C classes,
// means over the matches of a scale, and a picture's sides of H and W pixels:
//   box         3/L * 0.05 * sum over scales of mean(1 - CIoU)
//   class       3/L * 0.5 * C/80 * sum over scales of the mean BCE of the class logits with 1 for
//               the object's class and 0 for others; none where there is one class only
//   objectness  3/L * H*W/640^2 * sum over scales of b * the mean over all places of BCE(logit, the
//               largest CIoU of the matches there, at least 0), b = 4, 1, 0.4 from the finest scale
//               on (0.25, 0.06, 0.02 follow where there are more than three)
// Rule and weights are those of YOLOv5, release 6.0 (github.com/ultralytics/yolov5, its hyper-
// parameters hyp.scratch-low); its objectness after Redmon and Farhadi 2018, arXiv 1804.02767.
#pragma once

#include "train/loss.h"

namespace shrike::train {

class AnchorLoss : public Loss {
 public:
  AnchorLoss(const Head& head, LossOptions options) : head_(head), options_(std::move(options)) {}

  std::vector<std::string> names() const override { return {"box", "class", "objectness"}; }
  LossValue operator()(std::span<const at::Tensor> maps, const Targets& targets) const override;

 private:
  Head head_;
  LossOptions options_;
};

}  // namespace shrike::train
