#include "train/simota_loss.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "train/overlap.h"

namespace shrike::train {

namespace {

constexpr double kRadius = 2.5;  // strides
constexpr double kOverlapCost = 3, kOutsideCost = 1e5;
constexpr int64_t kMostCells = 10;
constexpr double kBoxWeight = 5;
constexpr double kNever = 1e9;  // the cost of what is no candidate

struct Geometry {
  at::Tensor in_box, near_centre;  // (N, G, A) bool
};

Geometry geometry_of(const AnchorPoints& points, const PaddedTargets& targets) {
  const at::Tensor x = points.centres.select(1, 0), y = points.centres.select(1, 1),
                   radius = points.strides.select(1, 0) * kRadius;
  const auto edge = [&](int64_t i) { return targets.boxes.select(2, i).unsqueeze(2); };
  const at::Tensor inside =
      at::minimum(at::minimum(x - edge(0), y - edge(1)), at::minimum(edge(2) - x, edge(3) - y));
  const at::Tensor away =
      at::maximum(at::abs(x - (edge(0) + edge(2)) / 2), at::abs(y - (edge(1) + edge(3)) / 2));
  const at::Tensor present = targets.present.unsqueeze(2);
  return {at::logical_and(inside > 0, present), at::logical_and(away < radius, present)};
}

// Cost and IoU of the pairs of an object and a cell that may be given to any object of the picture.
struct Costs {
  at::Tensor cost, overlap;  // (N, G, A)
};

Costs costs_of(const Geometry& geometry, const at::Tensor& scores, const at::Tensor& boxes,
               const PaddedTargets& targets) {
  const at::Tensor candidate = at::logical_or(geometry.in_box, geometry.near_centre).any(1, true);
  const at::Tensor where = at::logical_and(candidate, targets.present.unsqueeze(2)).nonzero();
  const at::Tensor n = where.select(1, 0), g = where.select(1, 1), a = where.select(1, 2);
  const at::Tensor overlap = iou(boxes.index({n, a}), targets.boxes.index({n, g}));
  // BCE with one class wanted: that of wanting none, but for the class's own.
  const at::Tensor log_p = at::clamp_min(at::log(scores), -100),
                   log_not = at::clamp_min(at::log1p(-scores), -100);
  const at::Tensor classes = targets.classes.index({n, g});
  const at::Tensor entropy = -(at::sum(log_not, 2).index({n, a}) + log_p.index({n, a, classes}) -
                               log_not.index({n, a, classes}));
  const at::Tensor both = at::logical_and(geometry.in_box, geometry.near_centre).index({n, g, a});
  const at::Tensor cost = entropy - kOverlapCost * at::log(overlap + 1e-8) +
                          kOutsideCost * at::logical_not(both).to(overlap.scalar_type());
  const auto sizes = geometry.in_box.sizes();
  Costs result{at::full(sizes, kNever, boxes.options()), at::zeros(sizes, boxes.options())};
  result.cost.index_put_({n, g, a}, cost);
  result.overlap.index_put_({n, g, a}, overlap);
  return result;
}

// (P): how far raw values are from those of the boxes (P, 4), in cells of `strides` (P, 1) whose
// corners are `corners` (P, 2) strides from the picture's.
at::Tensor l1_loss(const at::Tensor& raw, const at::Tensor& boxes, const at::Tensor& corners,
                   const at::Tensor& strides) {
  const at::Tensor low = boxes.slice(1, 0, 2), high = boxes.slice(1, 2, 4);
  const at::Tensor wanted =
      at::cat({(low + high) / 2 / strides - corners, at::log((high - low) / strides + 1e-8)}, 1);
  return at::sum(at::abs(raw - wanted), 1);
}

}  // namespace

SimotaAssignment assign_simota(const AnchorPoints& points, const at::Tensor& scores,
                               const at::Tensor& boxes, const PaddedTargets& targets) {
  const c10::NoGradGuard no_gradients;
  const int64_t n = boxes.size(0), a = boxes.size(1), g = targets.boxes.size(1);
  const auto flags = boxes.options().dtype(at::kBool), indices = boxes.options().dtype(at::kLong);
  if (g == 0)
    return {at::zeros({n, a}, flags), at::zeros({n, a}, indices),
            at::zeros({n, a}, boxes.options())};
  const Costs costs = costs_of(geometry_of(points, targets), scores, boxes, targets);
  const int64_t most = std::min(kMostCells, a);
  const at::Tensor k =
      at::clamp_min(at::sum(std::get<0>(at::topk(costs.overlap, most, 2)), 2).to(at::kLong), 1);
  // The k cheapest: those whose rank among the object's cells is below k.
  const auto [cheapest, cells] = at::topk(costs.cost, most, 2, false);
  const at::Tensor within =
      at::logical_and(at::arange(most, indices).view({1, 1, -1}) < k.unsqueeze(2),
                      at::logical_and(cheapest < kNever, targets.present.unsqueeze(2)));
  at::Tensor wanted = at::zeros({n, g, a}, flags).scatter_(2, cells, within);
  const at::Tensor several = at::sum(wanted, 1, true) > 1;
  const at::Tensor object = at::argmin(
      at::where(at::logical_or(wanted, several), costs.cost, at::full({}, kNever, boxes.options())),
      1);
  const at::Tensor taken = wanted.any(1);
  const at::Tensor overlap = costs.overlap.gather(1, object.unsqueeze(1)).squeeze(1);
  return {taken, at::where(taken, object, at::zeros_like(object)), overlap * taken};
}

LossValue SimotaLoss::operator()(std::span<const at::Tensor> maps, const Targets& targets) const {
  const std::vector<at::Tensor> box_maps = every(maps, 0, 3);
  const at::Tensor raw = joined(box_maps), objectness = joined(every(maps, 1, 3)).squeeze(2),
                   logits = joined(every(maps, 2, 3));
  const AnchorPoints points = anchor_points(box_maps, head_.strides);
  // Boxes are coded from the cell's corner, not its centre.
  const at::Tensor corner = points.centres / points.strides - 0.5;
  const at::Tensor centre = (raw.slice(2, 0, 2) + corner) * points.strides,
                   half = at::exp(raw.slice(2, 2, 4)) * points.strides / 2;
  const at::Tensor boxes = at::cat({centre - half, centre + half}, 2);
  const PaddedTargets truth = padded(targets, raw);
  const at::Tensor scores =
      at::sqrt(at::sigmoid(logits.detach()) * at::sigmoid(objectness.detach()).unsqueeze(2));
  const SimotaAssignment assigned = assign_simota(points, scores, boxes.detach(), truth);

  const at::Tensor where = assigned.taken.nonzero();
  const at::Tensor n = where.select(1, 0), a = where.select(1, 1);
  const at::Tensor object = assigned.object.index({n, a});
  const at::Tensor found = truth.boxes.index({n, object});
  const at::Tensor overlap = iou(boxes.index({n, a}), found);
  const at::Tensor own = logits.index({n, a});
  const at::Tensor wanted =
      at::zeros_like(own).scatter_(1, truth.classes.index({n, object}).unsqueeze(1),
                                   assigned.overlap.index({n, a}).unsqueeze(1));
  const auto entropy = [](const at::Tensor& x, const at::Tensor& target) {
    return at::binary_cross_entropy_with_logits(x, target, {}, {}, at::Reduction::None);
  };
  at::Tensor class_entropy = entropy(own, wanted);
  if (options_.class_weights.defined()) class_entropy = class_entropy * options_.class_weights;
  const at::Tensor count =
      at::clamp_min(over_ranks(options_, at::sum(assigned.taken).to(raw.scalar_type())), 1);
  const std::vector<at::Tensor> parts{
      at::sum(1 - overlap * overlap) * (kBoxWeight / count), at::sum(class_entropy) / count,
      at::sum(entropy(objectness, assigned.taken.to(raw.scalar_type()))) / count,
      last_epochs_ ? at::sum(l1_loss(raw.index({n, a}), found, corner.index({a}),
                                     points.strides.index({a}))) /
                         count
                   : at::zeros({}, count.options())};
  return loss_value(parts, at::ones({}, count.options()));
}

}  // namespace shrike::train
