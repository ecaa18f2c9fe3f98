// Head against its formulas (ir/ops/head.h), written once more, element by element and in double.
#include <gtest/gtest.h>

#include <cmath>

#include "reference/test_support.h"

namespace shrike {
namespace {

using reference_test::floats;
using reference_test::noise;
using reference_test::run;

double at(const Tensor& x, int64_t n, int64_t c, int64_t i) {
  const int64_t cells = x.shape()[2] * x.shape()[3];
  return static_cast<double>(
      x.data<float>()[static_cast<size_t>((n * x.shape()[1] + c) * cells + i)]);
}

double sigma(double t) { return 1 / (1 + std::exp(-t)); }

// The distance of one side: the expected bin.
double expected(const Tensor& map, int64_t n, int64_t side, int64_t bins, int64_t cell) {
  if (bins == 1) return at(map, n, side, cell);
  double total = 0, sum = 0;
  for (int64_t b = 0; b < bins; ++b) {
    const double e = std::exp(at(map, n, side * bins + b, cell));
    total += e;
    sum += e * static_cast<double>(b);
  }
  return sum / total;
}

struct Scales {
  std::vector<Tensor> maps;
  std::vector<double> strides;
  int64_t anchors = 0;
};

// Two scales of odd sizes, two pictures.
Scales anchor_free(int64_t bins, int64_t classes) {
  return {{noise({2, 4 * bins, 3, 5}), noise({2, classes, 3, 5}, 3), noise({2, 4 * bins, 1, 2}, 4),
           noise({2, classes, 1, 2}, 1)},
          {8, 16},
          17};
}

void check_anchor_free(int64_t bins, bool corners) {
  const int64_t classes = 3;
  const Scales s = anchor_free(bins, classes);
  const auto y =
      run("Head kind=anchor_free num_classes=3 strides=[8,16] reg_max=" + std::to_string(bins) +
              " box_format=" + (corners ? "xyxy" : "cxcywh"),
          s.maps);
  ASSERT_TRUE(y) << y.error().message;
  const Tensor& out = (*y)[0];
  ASSERT_EQ(out.shape(), (Shape{2, 4 + classes, s.anchors}));
  for (int64_t n = 0; n < 2; ++n) {
    int64_t anchor = 0;
    for (size_t scale = 0; scale < 2; ++scale) {
      const Tensor &box = s.maps[2 * scale], &cls = s.maps[2 * scale + 1];
      const int64_t width = box.shape()[3];
      for (int64_t i = 0; i < box.shape()[2] * width; ++i, ++anchor) {
        const double x = static_cast<double>(i % width) + 0.5, stride = s.strides[scale];
        const double y0 = static_cast<double>(i / width) + 0.5;
        const double l = x - expected(box, n, 0, bins, i), t = y0 - expected(box, n, 1, bins, i);
        const double r = x + expected(box, n, 2, bins, i), b = y0 + expected(box, n, 3, bins, i);
        std::vector<double> want = {l * stride, t * stride, r * stride, b * stride};
        if (!corners)
          want = {(l + r) / 2 * stride, (t + b) / 2 * stride, (r - l) * stride, (b - t) * stride};
        for (int64_t c = 0; c < classes; ++c) want.push_back(sigma(at(cls, n, c, i)));
        for (int64_t row = 0; row < 4 + classes; ++row) {
          const auto place = static_cast<size_t>((n * (4 + classes) + row) * s.anchors + anchor);
          EXPECT_NEAR(out.data<float>()[place], want[static_cast<size_t>(row)], 2e-4)
              << "row " << row << " anchor " << anchor;
        }
      }
    }
  }
}

TEST(Head, AnchorFreeIsItsFormula) {
  check_anchor_free(16, false);
  check_anchor_free(16, true);
  check_anchor_free(1, false);
  check_anchor_free(7, true);
}

TEST(Head, EndToEndTakesTheBestPairsOfTheBestAnchors) {
  // One row of four anchors, two classes, distances all 0.5: boxes of one cell.
  const Tensor boxes = floats({1, 4, 1, 4}, std::vector<float>(16, 0.5f));
  const Tensor classes = floats({1, 2, 1, 4}, {-1, 3, 0, 2, 2.5f, -2, 0.5f, 2});
  const auto y =
      run("Head kind=anchor_free num_classes=2 strides=[4] reg_max=1 max_det=3", {boxes, classes});
  ASSERT_TRUE(y) << y.error().message;
  ASSERT_EQ((*y)[0].shape(), (Shape{1, 3, 6}));
  // Best anchors: 1 (3), 0 (2.5), 3 (2). Their best pairs: (1,0), (0,1), then both of anchor 3
  // are equal and the first class comes first.
  const float want[3][6] = {{4, 0, 8, 4, 3, 0}, {0, 0, 4, 4, 2.5f, 1}, {12, 0, 16, 4, 2, 0}};
  for (size_t r = 0; r < 3; ++r)
    for (size_t k = 0; k < 6; ++k) {
      const double expected_value =
          k == 4 ? sigma(static_cast<double>(want[r][k])) : static_cast<double>(want[r][k]);
      EXPECT_NEAR((*y)[0].data<float>()[r * 6 + k], expected_value, 1e-6) << r << "," << k;
    }
}

TEST(Head, EndToEndLeavesOutAnchorsOfTheFirstStep) {
  // Anchor 0 has the two best pairs; with two rows anchor 1 is chosen in step one and loses in two.
  const Tensor boxes = floats({1, 4, 1, 3}, std::vector<float>(12, 0.5f));
  const Tensor classes = floats({1, 2, 1, 3}, {5, 3, 1, 4, 2, 1});
  const auto y =
      run("Head kind=anchor_free num_classes=2 strides=[1] reg_max=1 max_det=2", {boxes, classes});
  ASSERT_TRUE(y) << y.error().message;
  const auto out = (*y)[0].data<float>();
  EXPECT_EQ(out[0], 0.0f);
  EXPECT_EQ(out[5], 0.0f);
  EXPECT_EQ(out[6], 0.0f);
  EXPECT_EQ(out[11], 1.0f);
}

TEST(Head, EndToEndHasNoMoreRowsThanAnchors) {
  const auto y = run("Head kind=anchor_free num_classes=1 strides=[1] reg_max=1 max_det=300",
                     {noise({2, 4, 1, 3}), noise({2, 1, 1, 3})});
  ASSERT_TRUE(y) << y.error().message;
  EXPECT_EQ((*y)[0].shape(), (Shape{2, 3, 6}));
}

// kAnchor and kDarknet: two scales of two anchors each.
void check_anchored(bool darknet) {
  const int64_t classes = 2, fields = 7;
  const std::vector<Tensor> maps = {noise({2, 2 * fields, 3, 5}), noise({2, 2 * fields, 2, 1}, 1)};
  const double sizes[2][2][2] = {{{10, 13}, {16, 30}}, {{33, 23.5}, {30, 61}}};
  const double scale_xy[2] = {1.05, 1.2}, strides[2] = {8, 32};
  const std::string kind = darknet ? "darknet scale_xy=[1.05,1.2]" : "anchor";
  const auto y = run(
      "Head num_classes=2 strides=[8,32] anchors=[10,13,16,30,33,23.5,30,61] kind=" + kind, maps);
  ASSERT_TRUE(y) << y.error().message;
  ASSERT_EQ((*y)[0].shape(), (Shape{2, 2 * 15 + 2 * 2, fields}));
  const float* out = (*y)[0].data<float>().data();
  for (int64_t n = 0; n < 2; ++n)
    for (size_t s = 0; s < 2; ++s)
      for (int64_t a = 0; a < 2; ++a)
        for (int64_t i = 0; i < maps[s].shape()[2] * maps[s].shape()[3]; ++i, out += fields) {
          const auto t = [&](int64_t f) { return at(maps[s], n, a * fields + f, i); };
          const double grid[2] = {static_cast<double>(i % maps[s].shape()[3]),
                                  static_cast<double>(i / maps[s].shape()[3])};
          for (int64_t k = 0; k < 2; ++k) {
            const double size = sizes[s][a][k];
            const double xy = darknet ? scale_xy[s] * sigma(t(k)) - (scale_xy[s] - 1) / 2 + grid[k]
                                      : 2 * sigma(t(k)) - 0.5 + grid[k];
            const double wh =
                darknet ? std::exp(t(k + 2)) * size : std::pow(2 * sigma(t(k + 2)), 2) * size;
            EXPECT_NEAR(out[k], xy * strides[s], 1e-4);
            EXPECT_NEAR(out[k + 2], wh, 1e-4 * (1 + wh));
          }
          for (int64_t f = 4; f < 5 + classes; ++f) EXPECT_NEAR(out[f], sigma(t(f)), 1e-6);
        }
}

TEST(Head, AnchorIsItsFormula) { check_anchored(false); }
TEST(Head, DarknetIsItsFormula) { check_anchored(true); }

TEST(Head, YoloxIsItsFormulaDecodedOrNot) {
  const std::vector<Tensor> maps = {noise({1, 4, 2, 3}), noise({1, 1, 2, 3}, 4),
                                    noise({1, 3, 2, 3}, 1)};
  for (const bool decoded : {true, false}) {
    const auto y = run("Head kind=yolox num_classes=3 strides=[16] decoded=" +
                           std::string(decoded ? "true" : "false"),
                       maps);
    ASSERT_TRUE(y) << y.error().message;
    ASSERT_EQ((*y)[0].shape(), (Shape{1, 6, 8}));
    for (int64_t i = 0; i < 6; ++i) {
      const float* row = (*y)[0].data<float>().data() + i * 8;
      const double grid[2] = {static_cast<double>(i % 3), static_cast<double>(i / 3)};
      for (int64_t k = 0; k < 2; ++k) {
        const double p = at(maps[0], 0, k, i), size = at(maps[0], 0, k + 2, i);
        EXPECT_NEAR(row[k], decoded ? (p + grid[k]) * 16 : p, 1e-5);
        EXPECT_NEAR(row[k + 2], decoded ? std::exp(size) * 16 : size, 1e-4);
      }
      EXPECT_NEAR(row[4], sigma(at(maps[1], 0, 0, i)), 1e-6);
      for (int64_t c = 0; c < 3; ++c) EXPECT_NEAR(row[5 + c], sigma(at(maps[2], 0, c, i)), 1e-6);
    }
  }
}

TEST(Head, RefusesMapsThatDoNotFit) {
  const std::string head = "Head kind=anchor_free num_classes=2 strides=[4] reg_max=1";
  EXPECT_FALSE(run(head, {noise({1, 4, 2, 2})}));
  EXPECT_FALSE(run(head, {noise({1, 4, 2, 2}), noise({1, 3, 2, 2})}));
  EXPECT_FALSE(run(head, {noise({1, 4, 2, 2}), noise({1, 2, 2, 3})}));
  EXPECT_FALSE(run(head, {noise({1, 4, 2, 2}), noise({2, 2, 2, 2})}));
  EXPECT_FALSE(run(head, {noise({1, 4, 2, 2}), Tensor(DType::kI64, Shape{1, 2, 2, 2})}));
  EXPECT_TRUE(run(head, {noise({1, 4, 0, 2}), noise({1, 2, 0, 2})}));
}

}  // namespace
}  // namespace shrike
