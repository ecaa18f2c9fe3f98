#include "quantize/patches.h"

#include <gtest/gtest.h>

#include <random>

#include "reference/evaluate.h"

namespace shrike {
namespace {

Tensor noise(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Tensor t(DType::kF32, shape);
  for (float& x : t.mutable_data<float>()) x = normal(random);
  return t;
}

// Each row times a channel's weights is that position of the convolution's output.
void expect_products(const Conv& conv, const Shape& x_shape, const Shape& w_shape) {
  const Tensor x = noise(x_shape, 1), w = noise(w_shape, 2);
  const Result<std::vector<Tensor>> outputs =
      evaluate_node({"conv", conv, {0, 1}, {2}}, std::vector<const Tensor*>{&x, &w});
  ASSERT_TRUE(outputs) << outputs.error().message;
  const Tensor& y = outputs->front();
  const Patches patches(conv, x.shape(), w.shape(), y.shape());
  const int64_t positions = y.shape()[2] * y.shape()[3], size = patches.row_size();
  ASSERT_EQ(patches.count(1000), positions);
  const int64_t channels = w_shape[0] / conv.group;
  std::vector<float> rows;
  for (int64_t o = 0; o < w_shape[0]; ++o) {
    patches.read(x.data<float>(), o / channels, 1000, 3, rows);
    ASSERT_EQ(static_cast<int64_t>(rows.size()), positions * size);
    for (int64_t p = 0; p < positions; ++p) {
      double sum = 0;
      for (int64_t i = 0; i < size; ++i)
        sum += static_cast<double>(rows[static_cast<size_t>(p * size + i)]) *
               static_cast<double>(w.data<float>()[static_cast<size_t>(o * size + i)]);
      EXPECT_NEAR(sum, y.data<float>()[static_cast<size_t>(o * positions + p)], 1e-4)
          << o << " " << p;
    }
  }
}

TEST(Patches, AreWhatWeightsAreMultipliedWith) {
  expect_products({}, Shape{1, 3, 4, 5}, Shape{2, 3, 1, 1});
  Conv conv;
  conv.pads = {1, 2, 0, 1};
  conv.strides = {2, 1};
  conv.dilations = {1, 2};
  expect_products(conv, Shape{1, 4, 7, 9}, Shape{3, 4, 3, 3});
  conv.group = 2;
  expect_products(conv, Shape{1, 4, 7, 9}, Shape{6, 2, 3, 3});
  conv.group = 4;
  conv.pads = {0, 0, 0, 0};
  conv.auto_pad = AutoPad::kSameUpper;
  expect_products(conv, Shape{1, 4, 7, 9}, Shape{4, 1, 3, 3});
}

TEST(Patches, SomeLieEvenlyAndShiftWithThePicture) {
  const Patches patches({}, Shape{1, 1, 10, 10}, Shape{1, 1, 1, 1}, Shape{1, 1, 10, 10});
  std::vector<float> x(100), first, second;
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  patches.read(x, 0, 10, 0, first);
  patches.read(x, 0, 10, 1, second);
  ASSERT_EQ(first.size(), 10u);
  EXPECT_NE(first, second);
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(static_cast<int>(first[i]) / 10, static_cast<int>(i));
    EXPECT_EQ(static_cast<int>(second[i]) / 10, static_cast<int>(i));
  }
}

}  // namespace
}  // namespace shrike
