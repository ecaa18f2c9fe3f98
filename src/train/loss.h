// Loss: how far raw maps are from the truth, as a number with a gradient. One a kind of head.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/ops/head.h"
#include "train/rank_sum.h"
#include "train/targets.h"

namespace shrike::train {

struct LossOptions {
  // Weight of each class's part of the class loss, (C); undefined: all one.
  at::Tensor class_weights = {};
  // The sum over all processes of what losses divide by; empty: there is one process.
  RankSum sum_over_ranks = {};
};

struct LossValue {
  // What is minimised: the weighted parts' sum, times what the family's learning rates take for
  // granted: the pictures of the batch (Ultralytics' families), or 1 (YOLOX).
  at::Tensor total;
  std::vector<at::Tensor> parts;  // weighted, without gradients; in names()' order
};

class Loss {
 public:
  virtual ~Loss() = default;
  // Of the parts: "box", "class", ...
  virtual std::vector<std::string> names() const = 0;
  // `maps`: the head's raw maps (N, C, H, W) in the order of ir/ops/head.h. Throws as LibTorch
  // does.
  virtual LossValue operator()(std::span<const at::Tensor> maps, const Targets& targets) const = 0;
  // Whether a run is in its last epochs, whose pictures are not put together any more: some losses
  // have a part for these alone (simota_loss.h), which is 0 before.
  virtual void set_last_epochs(bool) {}
};

// x, or its sum over all processes.
at::Tensor over_ranks(const LossOptions& options, const at::Tensor& x);

// The parts and their sum, `times` the factor of the family.
LossValue loss_value(const std::vector<at::Tensor>& parts, const at::Tensor& times);

// The loss of a head's kind:
//   kAnchorFree        anchor_free_loss.h; an end-to-end head is told to find each object once:
//                      with its one-to-many copy's loss it makes the pair of YOLOv10
//   kAnchor, kDarknet  anchor_loss.h
//   kYolox             simota_loss.h
std::unique_ptr<Loss> make_loss(const Head& head, const LossOptions& options = {});

}  // namespace shrike::train
