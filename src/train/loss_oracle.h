// What the tests of losses share: the formulas of the losses' headers once more, in plain loops
// over doubles, and finite differences.
//
// Which cells are told what, and alpha of CIoU, are constants to a gradient. So an oracle first
// decides (Decision), then computes the loss of any maps under that decision; the differences are
// of the second step alone.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include "train/loss.h"

namespace shrike::train::testing {

using Box4 = std::array<double, 4>;

struct TrueObject {
  int64_t picture, label;
  Box4 box;
};

inline double area(const Box4& b) { return (b[2] - b[0]) * (b[3] - b[1]); }

inline double plain_iou(const Box4& a, const Box4& b) {
  const double w = std::max(0.0, std::min(a[2], b[2]) - std::max(a[0], b[0]));
  const double h = std::max(0.0, std::min(a[3], b[3]) - std::max(a[1], b[1]));
  return w * h / (area(a) + area(b) - w * h);
}

inline double aspect_term(const Box4& a, const Box4& b) {
  const double difference =
      std::atan((b[2] - b[0]) / (b[3] - b[1])) - std::atan((a[2] - a[0]) / (a[3] - a[1]));
  return 4 / (std::numbers::pi * std::numbers::pi) * difference * difference;
}

inline double alpha_of(const Box4& a, const Box4& b) {
  const double v = aspect_term(a, b);
  return v == 0 ? 0 : v / (1 - plain_iou(a, b) + v);
}

inline double plain_ciou(const Box4& a, const Box4& b, double alpha) {
  const double dx = (a[0] + a[2] - b[0] - b[2]) / 2, dy = (a[1] + a[3] - b[1] - b[3]) / 2;
  const double cw = std::max(a[2], b[2]) - std::min(a[0], b[0]),
               ch = std::max(a[3], b[3]) - std::min(a[1], b[1]);
  return plain_iou(a, b) - (dx * dx + dy * dy) / (cw * cw + ch * ch) - alpha * aspect_term(a, b);
}
inline double plain_ciou(const Box4& a, const Box4& b) { return plain_ciou(a, b, alpha_of(a, b)); }

inline double plain_sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
// Of a logit.
inline double plain_entropy(double x, double wanted) {
  return std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0) - x * wanted;
}

inline double value(const at::Tensor& map, int64_t n, int64_t c, int64_t y, int64_t x) {
  return map.data_ptr<double>()[((n * map.size(1) + c) * map.size(2) + y) * map.size(3) + x];
}

inline Targets targets_of(const std::vector<TrueObject>& objects, int64_t batch) {
  const auto m = static_cast<int64_t>(objects.size());
  Targets targets{batch, at::zeros({m}, at::kLong), at::zeros({m}, at::kLong),
                  at::zeros({m, 4}, at::kDouble)};
  for (int64_t i = 0; i < m; ++i) {
    const TrueObject& object = objects[static_cast<size_t>(i)];
    targets.pictures[i] = object.picture;
    targets.classes[i] = object.label;
    for (int64_t k = 0; k < 4; ++k) targets.boxes[i][k] = object.box[static_cast<size_t>(k)];
  }
  return targets;
}

// Random maps of a head on pictures of that size; the head decides their channels.
inline std::vector<at::Tensor> random_maps(const Head& head, const std::vector<int64_t>& channels,
                                           int64_t batch, int64_t height, int64_t width,
                                           uint64_t seed) {
  at::manual_seed(seed);
  std::vector<at::Tensor> maps;
  for (const int64_t stride : head.strides)
    for (const int64_t c : channels)
      maps.push_back(at::randn({batch, c, height / stride, width / stride}, at::kDouble));
  return maps;
}

// The loss's value is `expected` part by part, and its gradient that of `frozen`, the sum of the
// parts under a decision that stays as it was.
inline void expect_loss(const Loss& loss, const std::vector<at::Tensor>& maps,
                        const Targets& targets, const std::vector<double>& expected, double times,
                        const std::function<double(const std::vector<at::Tensor>&)>& frozen) {
  std::vector<at::Tensor> leaves;
  for (const at::Tensor& map : maps) leaves.push_back(map.clone().requires_grad_());
  const LossValue got = loss(leaves, targets);
  ASSERT_EQ(got.parts.size(), expected.size());
  ASSERT_EQ(loss.names().size(), expected.size());
  double sum = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(got.parts[i].item<double>(), expected[i], 1e-6 * (1 + expected[i]))
        << loss.names()[i];
    sum += expected[i];
  }
  EXPECT_NEAR(got.total.item<double>(), times * sum, 1e-6 * (1 + times * sum));
  EXPECT_NEAR(frozen(maps), sum, 1e-9 * (1 + sum));
  got.total.backward();
  for (size_t m = 0; m < maps.size(); ++m) {
    const at::Tensor gradient = leaves[m].grad().contiguous();
    double* x = maps[m].data_ptr<double>();
    for (int64_t i = 0; i < maps[m].numel(); i += 7) {
      constexpr double h = 1e-5;
      const double was = x[i];
      x[i] = was + h;
      const double above = frozen(maps);
      x[i] = was - h;
      const double below = frozen(maps);
      x[i] = was;
      const double slope = times * (above - below) / (2 * h);
      ASSERT_NEAR(gradient.data_ptr<double>()[i], slope, 1e-5 * (1 + std::abs(slope)))
          << "map " << m << " element " << i;
    }
  }
}

}  // namespace shrike::train::testing
