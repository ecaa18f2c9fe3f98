#include "quantize/histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace shrike {
namespace {

std::vector<float> some(size_t count, float spread, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, spread);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

TEST(Histogram, EveryValueLiesInItsBin) {
  Histogram h;
  const std::vector<float> values = {0, 0.25f, -0.25f, 1, -1, 3.999f, -4};
  h.add(values);
  EXPECT_EQ(h.count(), 7);
  EXPECT_EQ(h.lowest(), -4);
  EXPECT_EQ(h.largest(), 3.999f);
  for (const float value : values) {
    const int bin = static_cast<int>(std::floor(value / h.width())) + Histogram::kBins / 2;
    EXPECT_GE(h.count(bin), 1) << value;
    EXPECT_LE(std::fabs(h.middle(bin) - value), h.width() / 2) << value;
  }
}

TEST(Histogram, OrderAndPartsDoNotMatter) {
  const std::vector<float> small = some(1000, 0.01f, 1), large = some(1000, 50, 2);
  Histogram up, down, whole;
  up.add(small), up.add(large);
  down.add(large), down.add(small);
  std::vector<float> all = small;
  all.insert(all.end(), large.begin(), large.end());
  whole.add(all);
  EXPECT_EQ(up.width(), down.width());
  for (int bin = 0; bin < Histogram::kBins; ++bin) {
    ASSERT_EQ(up.count(bin), down.count(bin));
    ASSERT_EQ(up.count(bin), whole.count(bin));
  }
  EXPECT_EQ(up.count(), 2000);
}

TEST(Histogram, WhatIsNoNumberIsLeftOut) {
  Histogram h;
  const float infinite = std::numeric_limits<float>::infinity();
  h.add(std::vector<float>{1, infinite, -infinite, std::nanf("")});
  EXPECT_EQ(h.count(), 1);
  EXPECT_EQ(h.largest(), 1);
}

TEST(Histogram, NothingAndZeros) {
  Histogram h;
  EXPECT_EQ(h.count(0), 0);
  h.add({});
  h.add(std::vector<float>{0, 0, -0.0f});
  EXPECT_EQ(h.count(), 3);
  EXPECT_EQ(h.count(Histogram::kBins / 2), 3);
  h.add(std::vector<float>{std::numeric_limits<float>::max()});
  EXPECT_EQ(h.count(), 4);
}

}  // namespace
}  // namespace shrike
