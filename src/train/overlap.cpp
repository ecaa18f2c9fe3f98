#include "train/overlap.h"

#include <ATen/ATen.h>

#include <numbers>

namespace shrike::train {

namespace {

constexpr double kEpsilon = 1e-7;

struct Edges {
  at::Tensor x1, y1, x2, y2;

  explicit Edges(const at::Tensor& boxes)
      : x1(boxes.select(-1, 0)),
        y1(boxes.select(-1, 1)),
        x2(boxes.select(-1, 2)),
        y2(boxes.select(-1, 3)) {}
  at::Tensor width() const { return x2 - x1; }
  at::Tensor height() const { return y2 - y1; }
};

at::Tensor iou_of(const Edges& a, const Edges& b) {
  const at::Tensor width = at::clamp_min(at::minimum(a.x2, b.x2) - at::maximum(a.x1, b.x1), 0),
                   height = at::clamp_min(at::minimum(a.y2, b.y2) - at::maximum(a.y1, b.y1), 0);
  const at::Tensor shared = width * height;
  return shared / (a.width() * a.height() + b.width() * b.height() - shared + kEpsilon);
}

at::Tensor squared(const at::Tensor& x) { return x * x; }

// w / h as an angle.
at::Tensor shape_angle(const Edges& a) { return at::atan(a.width() / (a.height() + kEpsilon)); }

}  // namespace

at::Tensor iou(const at::Tensor& a, const at::Tensor& b) { return iou_of(Edges(a), Edges(b)); }

at::Tensor complete_iou(const at::Tensor& a, const at::Tensor& b) {
  const Edges p(a), q(b);
  const at::Tensor overlap = iou_of(p, q);
  const at::Tensor diagonal = squared(at::maximum(p.x2, q.x2) - at::minimum(p.x1, q.x1)) +
                              squared(at::maximum(p.y2, q.y2) - at::minimum(p.y1, q.y1)) + kEpsilon;
  const at::Tensor distance =
      (squared(q.x1 + q.x2 - p.x1 - p.x2) + squared(q.y1 + q.y2 - p.y1 - p.y2)) / 4;
  const at::Tensor v =
      squared(shape_angle(q) - shape_angle(p)) * (4 / (std::numbers::pi * std::numbers::pi));
  const at::Tensor alpha = (v / (1 - overlap + v + kEpsilon)).detach();
  return overlap - distance / diagonal - alpha * v;
}

}  // namespace shrike::train
