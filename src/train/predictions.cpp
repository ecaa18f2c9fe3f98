#include "train/predictions.h"

#include <ATen/ATen.h>

#include <vector>

#include "train/anchor_free_loss.h"
#include "train/anchor_points.h"

namespace shrike::train {

namespace {

at::Tensor joint_score(const at::Tensor& objectness, const at::Tensor& classes) {
  const at::Tensor o = objectness.expand_as(classes);
  return -at::logsumexp(at::stack({-o, -classes, -o - classes}), 0);
}

// (N, P, values) of a map (N, values, H, W).
at::Tensor rows_of(const at::Tensor& map) { return joined(std::span(&map, 1)).contiguous(); }

Predictions anchor_free(const Head& head, std::span<const at::Tensor> maps, size_t scale) {
  const at::Tensor raw = rows_of(maps[2 * scale]), logits = rows_of(maps[2 * scale + 1]);
  const AnchorPoints points = anchor_points(maps.subspan(2 * scale, 1), {head.strides[scale]});
  const at::Tensor boxes = boxes_at(points, expected_distances(raw, head.reg_max));
  Predictions p{logits.unsqueeze(1), boxes.unsqueeze(1), {}};
  if (head.reg_max > 1) p.bins = raw.view({raw.size(0), raw.size(1), 4, head.reg_max});
  return p;
}

Predictions yolox(const Head& head, std::span<const at::Tensor> maps, size_t scale) {
  const at::Tensor raw = rows_of(maps[3 * scale]), objectness = rows_of(maps[3 * scale + 1]),
                   logits = rows_of(maps[3 * scale + 2]);
  const AnchorPoints points = anchor_points(maps.subspan(3 * scale, 1), {head.strides[scale]});
  // Boxes are coded from the cell's corner, not its centre.
  const at::Tensor centre =
      raw.slice(2, 0, 2) * points.strides + points.centres - points.strides / 2;
  const at::Tensor half = at::exp(raw.slice(2, 2, 4)) * points.strides / 2;
  return {joint_score(objectness, logits).unsqueeze(1),
          at::cat({centre - half, centre + half}, 2).unsqueeze(1),
          {}};
}

Predictions with_anchors(const Head& head, std::span<const at::Tensor> maps, size_t scale) {
  const at::Tensor& map = maps[scale];
  const int64_t na = head.num_anchors(), values = 5 + head.num_classes;
  const at::Tensor rows = map.reshape({map.size(0), na, values, map.size(2) * map.size(3)})
                              .transpose(2, 3);  // (N, K, P, values)
  const AnchorPoints points = anchor_points(maps.subspan(scale, 1), {head.strides[scale]});
  const auto own = head.anchors.begin() + static_cast<std::ptrdiff_t>(scale) * 2 * na;
  const at::Tensor anchors = at::tensor(std::vector<float>(own, own + 2 * na))
                                 .view({na, 1, 2})
                                 .to(map.options().requires_grad(false));
  const bool exponential = head.kind == HeadKind::kDarknet;
  const double spread = exponential ? static_cast<double>(head.scale_xy[scale]) : 2;
  // From the cell's centre, in cells.
  const at::Tensor away = (at::sigmoid(rows.slice(3, 0, 2)) - 0.5) * spread;
  const at::Tensor centre = away * points.strides + points.centres;
  const at::Tensor t = rows.slice(3, 2, 4);
  const at::Tensor half = (exponential ? at::exp(t) : at::pow(at::sigmoid(t) * 2, 2)) * anchors / 2;
  return {joint_score(rows.slice(3, 4, 5), rows.slice(3, 5)),
          at::cat({centre - half, centre + half}, 3),
          {}};
}

}  // namespace

Predictions predictions_of(const Head& head, std::span<const at::Tensor> maps, size_t scale) {
  switch (head.kind) {
    case HeadKind::kAnchorFree:
      return anchor_free(head, maps, scale);
    case HeadKind::kYolox:
      return yolox(head, maps, scale);
    case HeadKind::kAnchor:
    case HeadKind::kDarknet:
      return with_anchors(head, maps, scale);
  }
  return {};
}

}  // namespace shrike::train
