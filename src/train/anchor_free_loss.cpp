#include "train/anchor_free_loss.h"

#include <ATen/ATen.h>

#include "train/overlap.h"

namespace shrike::train {

namespace {

constexpr double kBoxWeight = 7.5, kClassWeight = 0.5, kDistanceWeight = 1.5;

// What the positive cells predict and are told, (P, ...).
struct Positives {
  at::Tensor predicted, wanted;  // boxes in pixels
  at::Tensor centres, strides;
  at::Tensor bins;   // (P, 4, reg_max) raw
  at::Tensor score;  // (P) t_hat
};

Positives positives_of(const Assignment& assigned, const AnchorPoints& points,
                       const at::Tensor& boxes, const at::Tensor& raw, int64_t reg_max,
                       const PaddedTargets& targets) {
  const at::Tensor where = assigned.positive.nonzero();
  const at::Tensor n = where.select(1, 0), a = where.select(1, 1);
  return {boxes.index({n, a}),
          targets.boxes.index({n, assigned.object.index({n, a})}),
          points.centres.index({a}),
          points.strides.index({a}),
          raw.index({n, a}).view({-1, 4, reg_max}),
          assigned.score.index({n, a})};
}

// (P, 4): how far the wanted sides are from the cell's centre, in pixels.
at::Tensor wanted_distances(const Positives& p) {
  return at::cat({p.centres - p.wanted.slice(1, 0, 2), p.wanted.slice(1, 2, 4) - p.centres}, 1);
}

// (P): the mean of the four sides. `sides`: the picture's width and height, twice.
at::Tensor absolute_loss(const Positives& p, const at::Tensor& sides) {
  const at::Tensor distances = p.bins.squeeze(2) * p.strides;
  return at::mean(at::abs(distances - wanted_distances(p)) / sides, 1);
}

// (P): the mean of the four sides.
at::Tensor distribution_loss(const Positives& p, int64_t reg_max) {
  const at::Tensor distance =
      at::clamp(wanted_distances(p) / p.strides, 0, static_cast<double>(reg_max) - 1.01);
  const at::Tensor low = at::floor(distance);
  const at::Tensor upper = distance - low;
  const at::Tensor index = low.to(at::kLong).unsqueeze(2);
  const at::Tensor log_p = at::log_softmax(p.bins, 2);
  const at::Tensor at_low = log_p.gather(2, index).squeeze(2),
                   at_high = log_p.gather(2, index + 1).squeeze(2);
  return -at::mean(at_low * (1 - upper) + at_high * upper, 1);
}

// (4): width and height, twice, in pixels.
at::Tensor picture_sides(const at::Tensor& map, int64_t stride) {
  const auto width = static_cast<double>(map.size(3) * stride),
             height = static_cast<double>(map.size(2) * stride);
  return at::tensor({width, height, width, height}, map.options().requires_grad(false));
}

// (N, A, C): t_hat at the object's class.
at::Tensor class_targets(const Assignment& assigned, const PaddedTargets& targets,
                         const at::Tensor& logits) {
  at::Tensor wanted = at::zeros_like(logits);
  if (targets.classes.size(1) == 0) return wanted;
  const at::Tensor classes = targets.classes.gather(1, assigned.object).unsqueeze(2);
  return wanted.scatter_(2, classes, assigned.score.unsqueeze(2));
}

}  // namespace

at::Tensor expected_distances(const at::Tensor& raw, int64_t reg_max) {
  if (reg_max == 1) return raw;
  const at::Tensor bins = raw.view({raw.size(0), raw.size(1), 4, reg_max});
  return at::matmul(at::softmax(bins, 3), at::arange(reg_max, raw.options()));
}

at::Tensor boxes_at(const AnchorPoints& points, const at::Tensor& distances) {
  const at::Tensor pixels = distances * points.strides;
  return at::cat({points.centres - pixels.slice(-1, 0, 2), points.centres + pixels.slice(-1, 2, 4)},
                 -1);
}

std::vector<std::string> AnchorFreeLoss::names() const {
  return {"box", "class", head_.reg_max == 1 ? "l1" : "dfl"};
}

LossValue AnchorFreeLoss::operator()(std::span<const at::Tensor> maps,
                                     const Targets& targets) const {
  const std::vector<at::Tensor> box_maps = every(maps, 0, 2), class_maps = every(maps, 1, 2);
  const at::Tensor raw = joined(box_maps).contiguous(), logits = joined(class_maps);
  const AnchorPoints points = anchor_points(box_maps, head_.strides);
  const at::Tensor boxes = boxes_at(points, expected_distances(raw, head_.reg_max));
  const PaddedTargets truth = padded(targets, raw);
  const Assignment assigned =
      assign(rule_, points, at::sigmoid(logits.detach()), boxes.detach(), truth);

  const at::Tensor sum = at::clamp_min(over_ranks(options_, at::sum(assigned.score)), 1);
  const Positives p = positives_of(assigned, points, boxes, raw, head_.reg_max, truth);
  const at::Tensor overlap = complete_iou(p.predicted, p.wanted);
  at::Tensor entropy = at::binary_cross_entropy_with_logits(
      logits, class_targets(assigned, truth, logits), {}, {}, at::Reduction::None);
  if (options_.class_weights.defined()) entropy = entropy * options_.class_weights;

  const at::Tensor distance = head_.reg_max == 1
                                  ? absolute_loss(p, picture_sides(box_maps[0], head_.strides[0]))
                                  : distribution_loss(p, head_.reg_max);
  const std::vector<at::Tensor> parts{at::sum((1 - overlap) * p.score) * (kBoxWeight / sum),
                                      at::sum(entropy) * (kClassWeight / sum),
                                      at::sum(distance * p.score) * (kDistanceWeight / sum)};
  return loss_value(parts, over_ranks(options_, at::full({}, targets.batch, sum.options())));
}

}  // namespace shrike::train
