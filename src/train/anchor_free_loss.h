// The loss of anchor-free heads (YOLOv8, YOLO11, YOLOv10, YOLO26).
//
// With the cells' targets by task-aligned assignment (task_aligned.h), t_hat a cell, S = max(1, sum
// of all t_hat), a picture:
//   class  0.5 / S * sum over cells and classes of BCE(logit, t_hat at the object's class, else 0)
//   box    7.5 / S * sum over positive cells of t_hat * (1 - CIoU)     (overlap.h)
//   dfl    1.5 / S * sum over positive cells of t_hat * the mean over four sides of
//          -(l + 1 - d) ln p(l) - (d - l) ln p(l + 1), l = floor(d)
// d: the side's distance from the cell's centre in cells, within 0 .. reg_max - 1.01; p: softmax of
// its bins (Li et al. 2020, arXiv 2006.04388). reg_max 1 has no bins; instead of dfl there is
//   l1     1.5 / S * sum over positive cells of t_hat * the mean over four sides of the distance's
//          error as a part of the picture's width (left, right) or height (top, bottom)
// The weights are Ultralytics' for YOLOv8, YOLO11 and YOLO26.
#pragma once

#include "train/loss.h"
#include "train/task_aligned.h"

namespace shrike::train {

class AnchorFreeLoss : public Loss {
 public:
  AnchorFreeLoss(const Head& head, const TaskAligned& rule, LossOptions options)
      : head_(head), rule_(rule), options_(std::move(options)) {}

  std::vector<std::string> names() const override;
  LossValue operator()(std::span<const at::Tensor> maps, const Targets& targets) const override;

 private:
  Head head_;
  TaskAligned rule_;
  LossOptions options_;
};

// Left, top, right, bottom distances in cells, (N, A, 4), from (N, A, 4 * reg_max) raw values: the
// bins' expectation, or the values themselves where reg_max is 1.
at::Tensor expected_distances(const at::Tensor& raw, int64_t reg_max);

// Boxes in pixels from distances in cells.
at::Tensor boxes_at(const AnchorPoints& points, const at::Tensor& distances);

}  // namespace shrike::train
