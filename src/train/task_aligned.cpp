#include "train/task_aligned.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "train/overlap.h"

namespace shrike::train {

namespace {

constexpr double kEpsilon = 1e-9;

// (N, G, A): whether the cell's centre lies inside the object's box, its sides at least `least`.
at::Tensor inside(const AnchorPoints& points, const PaddedTargets& targets, double least) {
  const at::Tensor x = points.centres.select(1, 0), y = points.centres.select(1, 1);
  const at::Tensor low = targets.boxes.slice(2, 0, 2), high = targets.boxes.slice(2, 2, 4);
  const at::Tensor short_by = at::clamp_min(least - (high - low), 0) / 2;
  const at::Tensor boxes = at::cat({low - short_by, high + short_by}, 2);
  const auto edge = [&](int64_t i) { return boxes.select(2, i).unsqueeze(2); };
  const at::Tensor nearest =
      at::minimum(at::minimum(x - edge(0), y - edge(1)), at::minimum(edge(2) - x, edge(3) - y));
  return at::logical_and(nearest > kEpsilon, targets.present.unsqueeze(2));
}

// Alignment and overlap, (N, G, A), zero where the cell is outside. Few cells are inside of any
// object, so they are looked at one by one.
struct Alignment {
  at::Tensor t, u;
};

Alignment alignment(const TaskAligned& rule, const at::Tensor& candidates, const at::Tensor& scores,
                    const at::Tensor& boxes, const PaddedTargets& targets) {
  const at::Tensor where = candidates.nonzero();
  const at::Tensor n = where.select(1, 0), g = where.select(1, 1), a = where.select(1, 2);
  const at::Tensor score = scores.index({n, a, targets.classes.index({n, g})});
  const at::Tensor overlap =
      at::clamp_min(complete_iou(boxes.index({n, a}), targets.boxes.index({n, g})), 0);
  Alignment result{at::zeros(candidates.sizes(), boxes.options()),
                   at::zeros(candidates.sizes(), boxes.options())};
  result.u.index_put_({n, g, a}, overlap);
  result.t.index_put_({n, g, a}, at::pow(score, rule.alpha) * at::pow(overlap, rule.beta));
  return result;
}

// (N, G, A): the `count` largest of each object, of those above 0.
at::Tensor largest(const at::Tensor& values, int64_t count) {
  const at::Tensor top = std::get<1>(at::topk(values, std::min(count, values.size(2)), 2));
  at::Tensor flags = at::zeros(values.sizes(), values.options().dtype(at::kBool));
  flags.scatter_(2, top, true);
  return at::logical_and(flags, values > 0);
}

}  // namespace

Assignment assign(const TaskAligned& rule, const AnchorPoints& points, const at::Tensor& scores,
                  const at::Tensor& boxes, const PaddedTargets& targets) {
  const c10::NoGradGuard no_gradients;
  const int64_t n = boxes.size(0), a = boxes.size(1), g = targets.boxes.size(1);
  const auto flags = boxes.options().dtype(at::kBool), indices = boxes.options().dtype(at::kLong);
  if (g == 0)
    return {at::zeros({n, a}, flags), at::zeros({n, a}, indices),
            at::zeros({n, a}, boxes.options())};
  const at::Tensor candidates = inside(points, targets, rule.least_side);
  const Alignment all = alignment(rule, candidates, scores, boxes, targets);
  const at::Tensor no = at::full({}, -1, boxes.options());
  at::Tensor taken = largest(all.t, rule.top);
  const at::Tensor several = at::sum(taken, 1, true) > 1;
  const at::Tensor object = at::argmax(at::where(at::logical_or(taken, several), all.u, no), 1);
  taken = at::logical_and(taken.any(1, true),
                          at::arange(g, indices).view({1, -1, 1}) == object.unsqueeze(1));
  if (rule.keep < rule.top) taken = largest(all.t * taken, rule.keep);
  const at::Tensor positive = taken.any(1);
  const at::Tensor t = all.t * taken, u = all.u * taken;
  const at::Tensor score = t / (t.amax({2}, true) + kEpsilon) * u.amax({2}, true);
  return {positive, at::where(positive, object, at::zeros_like(object)), score.amax({1})};
}

}  // namespace shrike::train
