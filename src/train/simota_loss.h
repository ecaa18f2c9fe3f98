// The loss of YOLOX: which cells find which object is decided by SimOTA (Ge et al. 2021,
// arXiv 2107.08430, section 2.3, after OTA, arXiv 2103.14259).
//
// A cell is a candidate where its centre lies in an object's box, or less than 2.5 strides from its
// centre in x and y. What it costs to give object g cell a, p the square root of objectness times
// class scores, IoU that of the predicted box:
//   cost = sum over classes of BCE(p, 1 for g's class, else 0) - 3 ln(IoU + 1e-8)
//          + 1e5 where the centre is not in both the box and the surroundings of its centre
// An object takes k cells of the least cost, k the sum of its ten largest IoUs among the
// candidates, rounded down, at least 1; a cell that several want goes to the object of the picture
// that it costs least, even to one that did not want it.
// With F cells taken (at least 1), all divided by F:
//   box         5 * sum over the cells taken of 1 - IoU^2
//   objectness  sum over all cells of BCE(logit, 1 where taken, else 0)
//   class       sum over the cells taken and classes of BCE(logit, IoU at g's class, else 0)
//   l1          in the last epochs, else 0:
//               the sum over the cells taken of the absolute differences of the four raw values
//               from those that the object's box would have,
//               x / s - grid and ln(w / s + 1e-8)
//               (github.com/Megvii-BaseDetection/YOLOX, get_l1_target)
#pragma once

#include "train/anchor_points.h"
#include "train/loss.h"

namespace shrike::train {

struct SimotaAssignment {
  at::Tensor taken;    // (N, A) bool
  at::Tensor object;   // (N, A) i64: its place among the picture's; 0 where not taken
  at::Tensor overlap;  // (N, A) IoU with that object, 0 where not taken
};

// `scores` (N, A, C): p; `boxes` (N, A, 4) in pixels. No gradient goes through.
SimotaAssignment assign_simota(const AnchorPoints& points, const at::Tensor& scores,
                               const at::Tensor& boxes, const PaddedTargets& targets);

class SimotaLoss : public Loss {
 public:
  SimotaLoss(const Head& head, LossOptions options) : head_(head), options_(std::move(options)) {}

  std::vector<std::string> names() const override { return {"box", "class", "objectness", "l1"}; }
  LossValue operator()(std::span<const at::Tensor> maps, const Targets& targets) const override;
  void set_last_epochs(bool last) override { last_epochs_ = last; }

 private:
  bool last_epochs_ = false;
  Head head_;
  LossOptions options_;
};

}  // namespace shrike::train
