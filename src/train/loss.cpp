#include "train/loss.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "train/anchor_free_loss.h"
#include "train/anchor_loss.h"
#include "train/simota_loss.h"

namespace shrike::train {

at::Tensor over_ranks(const LossOptions& options, const at::Tensor& x) {
  return options.sum_over_ranks ? options.sum_over_ranks(x) : x;
}

LossValue loss_value(const std::vector<at::Tensor>& parts, const at::Tensor& times) {
  LossValue value{at::sum(at::stack(parts)) * times, {}};
  for (const at::Tensor& part : parts) value.parts.push_back(part.detach());
  return value;
}

namespace {

TaskAligned task_aligned_rule(const Head& head) {
  TaskAligned rule;
  // Of YOLO26 and of YOLOv10, whose object takes its one cell at once.
  if (head.max_det > 0) {
    rule.top = head.reg_max == 1 ? 7 : 1;
    rule.keep = 1;
  }
  std::vector<int64_t> strides = head.strides;
  std::sort(strides.begin(), strides.end());
  rule.least_side = static_cast<double>(strides[std::min<size_t>(1, strides.size() - 1)]);
  return rule;
}

}  // namespace

std::unique_ptr<Loss> make_loss(const Head& head, const LossOptions& options) {
  switch (head.kind) {
    case HeadKind::kAnchorFree:
      return std::make_unique<AnchorFreeLoss>(head, task_aligned_rule(head), options);
    case HeadKind::kAnchor:
    case HeadKind::kDarknet:
      return std::make_unique<AnchorLoss>(head, options);
    case HeadKind::kYolox:
      return std::make_unique<SimotaLoss>(head, options);
  }
  return nullptr;
}

}  // namespace shrike::train
