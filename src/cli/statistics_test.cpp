#include "cli/statistics.h"

#include <gtest/gtest.h>

namespace shrike {
namespace {

void expect_spread(const std::vector<double>& values, double min, double median, double p90) {
  const Spread spread = spread_of(values);
  EXPECT_EQ(spread.min, min);
  EXPECT_EQ(spread.median, median);
  EXPECT_EQ(spread.p90, p90);
}

TEST(Statistics, Spread) {
  expect_spread({3}, 3, 3, 3);
  expect_spread({4, 2}, 2, 3, 4);
  expect_spread({5, 1, 3}, 1, 3, 5);
  expect_spread({10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 1, 5.5, 9);
  expect_spread({11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 1, 6, 10);
}

}  // namespace
}  // namespace shrike
