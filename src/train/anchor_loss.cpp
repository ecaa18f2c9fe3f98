#include "train/anchor_loss.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "train/overlap.h"

namespace shrike::train {

namespace {

constexpr double kMostRatio = 4;
constexpr double kBoxWeight = 0.05, kClassWeight = 0.5;

// One scale of the head: what its map means.
struct Scale {
  at::Tensor rows;     // (N, na, H, W, 5 + C)
  at::Tensor anchors;  // (na, 2) pixels
  double stride = 0;
  double spread = 1;  // of a centre: cells from -(spread - 1) / 2 to (spread + 1) / 2
  bool exponential = false;

  int64_t height() const { return rows.size(2); }
  int64_t width() const { return rows.size(3); }
};

Scale scale_of(const Head& head, size_t s, const at::Tensor& map) {
  const int64_t na = head.num_anchors();
  Scale scale;
  scale.rows = map.view({map.size(0), na, 5 + head.num_classes, map.size(2), map.size(3)})
                   .permute({0, 1, 3, 4, 2});
  const std::vector<float> all(head.anchors.begin() + static_cast<std::ptrdiff_t>(s) * 2 * na,
                               head.anchors.begin() + static_cast<std::ptrdiff_t>(s + 1) * 2 * na);
  scale.anchors = at::tensor(all).view({na, 2}).to(map.options().requires_grad(false));
  scale.stride = static_cast<double>(head.strides[s]);
  scale.exponential = head.kind == HeadKind::kDarknet;
  scale.spread = scale.exponential ? static_cast<double>(head.scale_xy[s]) : 2;
  return scale;
}

// M matches: places in the map, and what is wanted there.
struct Matches {
  at::Tensor picture, anchor, y, x;  // (M) i64
  at::Tensor boxes;                  // (M, 4) pixels
  at::Tensor classes;                // (M) i64
};

// Whose sides fit which anchor: pairs of anchor and object.
at::Tensor fitting(const Scale& scale, const at::Tensor& boxes) {
  const at::Tensor sides = boxes.slice(1, 2, 4) - boxes.slice(1, 0, 2);
  const at::Tensor ratio = sides.unsqueeze(0) / scale.anchors.unsqueeze(1);
  return (at::maximum(ratio, 1 / ratio).amax({2}) < kMostRatio).nonzero();
}

Matches matches_of(const Scale& scale, const Targets& targets) {
  const at::Tensor boxes = targets.boxes.to(scale.rows.scalar_type());
  const at::Tensor pairs = fitting(scale, boxes);
  const at::Tensor anchor = pairs.select(1, 0), object = pairs.select(1, 1);
  const at::Tensor centre =
      (boxes.slice(1, 0, 2) + boxes.slice(1, 2, 4)).index({object}) / (2 * scale.stride);
  const at::Tensor limits = at::tensor(
      {static_cast<double>(scale.width()), static_cast<double>(scale.height())}, centre.options());
  const auto cell_of = [&](const at::Tensor& place) {
    return at::minimum(at::clamp_min(at::floor(place), 0), limits - 1);  // x, y
  };
  std::vector<at::Tensor> cells{cell_of(centre)},
      whose{at::arange(object.numel(), object.options())};
  if (scale.spread >= 2)
    for (const double half : {-0.5, 0.5}) {
      // From the picture's edge on that side: within the cell's half there, and a cell away.
      const at::Tensor room = half < 0 ? centre : limits - centre;
      const at::Tensor nearer = at::logical_and(at::remainder(room, 1) < 0.5, room > 1);
      for (int64_t axis = 0; axis < 2; ++axis) {
        at::Tensor moved = centre.clone();
        moved.select(1, axis).add_(half);
        const at::Tensor kept = nearer.select(1, axis).nonzero().flatten();
        cells.push_back(cell_of(moved).index_select(0, kept));
        whose.push_back(kept);
      }
    }
  const at::Tensor all = at::cat(cells).to(at::kLong), pair = at::cat(whose);
  const at::Tensor of = object.index_select(0, pair);
  return {targets.pictures.index_select(0, of),
          anchor.index_select(0, pair),
          all.select(1, 1),
          all.select(1, 0),
          boxes.index_select(0, of),
          targets.classes.index_select(0, of)};
}

at::Tensor predicted_boxes(const Scale& scale, const Matches& m, const at::Tensor& rows) {
  const at::Tensor cell = at::stack({m.x, m.y}, 1).to(rows.scalar_type());
  const at::Tensor centre =
      (at::sigmoid(rows.slice(1, 0, 2)) * scale.spread - (scale.spread - 1) / 2 + cell) *
      scale.stride;
  const at::Tensor raw = rows.slice(1, 2, 4);
  const at::Tensor factor = scale.exponential ? at::exp(raw) : at::pow(at::sigmoid(raw) * 2, 2);
  const at::Tensor half = factor * scale.anchors.index_select(0, m.anchor) / 2;
  return at::cat({centre - half, centre + half}, 1);
}

// The mean over all processes; 0 of nothing.
at::Tensor mean(const LossOptions& options, const at::Tensor& values) {
  const at::Tensor count =
      over_ranks(options, at::full({}, values.numel(), values.options().requires_grad(false)));
  return at::sum(values) / at::clamp_min(count, 1);
}

// `size` zeros with the largest of the values that belong to each place, where that is positive.
at::Tensor largest_at(const at::Tensor& place, const at::Tensor& values, int64_t size) {
  at::Tensor result = at::zeros({size}, values.options());
  if (place.numel() == 0) return result;
  const at::Tensor rising = std::get<1>(at::sort(values));
  const auto [sorted, order] = at::sort(place.index_select(0, rising), true, 0, false);
  // The last of each run of one place.
  const at::Tensor last = at::cat({sorted.slice(0, 1) != sorted.slice(0, 0, -1),
                                   at::ones({1}, sorted.options().dtype(at::kBool))});
  const at::Tensor kept = last.nonzero().flatten();
  const at::Tensor largest =
      values.index_select(0, rising).index_select(0, order).index_select(0, kept);
  result.index_put_({sorted.index_select(0, kept)}, at::clamp_min(largest, 0));
  return result;
}

struct ScaleLoss {
  at::Tensor box, classes, objectness;
};

ScaleLoss loss_of(const Scale& scale, const Targets& targets, const LossOptions& options) {
  const Matches m = matches_of(scale, targets);
  const at::Tensor rows = scale.rows.index({m.picture, m.anchor, m.y, m.x});
  const at::Tensor overlap = complete_iou(predicted_boxes(scale, m, rows), m.boxes);
  const at::Tensor logits = rows.slice(1, 5);
  const at::Tensor wanted = at::zeros_like(logits).scatter_(1, m.classes.unsqueeze(1), 1);
  at::Tensor entropy =
      at::binary_cross_entropy_with_logits(logits, wanted, {}, {}, at::Reduction::None);
  if (options.class_weights.defined()) entropy = entropy * options.class_weights;
  const at::Tensor objectness = scale.rows.select(4, 4);
  const int64_t na = objectness.size(1);
  const at::Tensor place =
      ((m.picture * na + m.anchor) * scale.height() + m.y) * scale.width() + m.x;
  const at::Tensor seen =
      largest_at(place, overlap.detach(), objectness.numel()).view(objectness.sizes());
  const at::Tensor there =
      at::binary_cross_entropy_with_logits(objectness, seen, {}, {}, at::Reduction::None);
  return {mean(options, 1 - overlap),
          logits.size(1) > 1 ? mean(options, entropy) : at::sum(logits) * 0, mean(options, there)};
}

// 4, 1, 0.4 from the finest of three scales; 4, 1, 0.25, 0.06, 0.02 of other numbers.
double balance(const Head& head, size_t s) {
  const auto finer =
      static_cast<size_t>(std::count_if(head.strides.begin(), head.strides.end(),
                                        [&](int64_t stride) { return stride < head.strides[s]; }));
  constexpr double kThree[] = {4.0, 1.0, 0.4}, kOthers[] = {4.0, 1.0, 0.25, 0.06, 0.02};
  return head.scales() == 3 ? kThree[finer] : kOthers[std::min<size_t>(finer, 4)];
}

}  // namespace

LossValue AnchorLoss::operator()(std::span<const at::Tensor> maps, const Targets& targets) const {
  const double share = 3.0 / static_cast<double>(head_.scales());
  const double class_weight = kClassWeight * static_cast<double>(head_.num_classes) / 80;
  std::vector<at::Tensor> box, classes, objectness;
  for (size_t s = 0; s < maps.size(); ++s) {
    const Scale scale = scale_of(head_, s, maps[s]);
    const double pixels = static_cast<double>(scale.height() * scale.width()) * scale.stride *
                          scale.stride / (640.0 * 640.0);
    const ScaleLoss loss = loss_of(scale, targets, options_);
    box.push_back(loss.box * (share * kBoxWeight));
    classes.push_back(loss.classes * (share * class_weight));
    objectness.push_back(loss.objectness * (share * pixels * balance(head_, s)));
  }
  const std::vector<at::Tensor> parts{at::sum(at::stack(box)), at::sum(at::stack(classes)),
                                      at::sum(at::stack(objectness))};
  const auto options = parts[0].options().requires_grad(false);
  return loss_value(parts, over_ranks(options_, at::full({}, targets.batch, options)));
}

}  // namespace shrike::train
