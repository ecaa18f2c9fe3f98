#include "train/loss.h"

#include <ATen/ATen.h>

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

std::unique_ptr<Loss> make_loss(const Head& head, const LossOptions& options) {
  switch (head.kind) {
    case HeadKind::kAnchorFree: {
      TaskAligned rule;
      if (head.max_det > 0) rule.top = 1;
      return std::make_unique<AnchorFreeLoss>(head, rule, options);
    }
    case HeadKind::kAnchor:
    case HeadKind::kDarknet:
      return std::make_unique<AnchorLoss>(head, options);
    case HeadKind::kYolox:
      return std::make_unique<SimotaLoss>(head, options);
  }
  return nullptr;
}

}  // namespace shrike::train
