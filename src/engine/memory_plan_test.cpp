#include "engine/memory_plan.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "engine/testing/sound.h"

namespace shrike {
namespace {

TEST(MemoryPlan, Nothing) {
  const auto plan = plan_memory({});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->bytes, 0u);
  EXPECT_EQ(plan->lower_bound, 0u);
}

TEST(MemoryPlan, AChainNeedsTwoBuffers) {
  std::vector<Lifetime> chain;
  for (int i = 0; i < 10; ++i) chain.push_back({1024, i, i + 1});
  const auto plan = plan_memory(chain);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->bytes, 2048u);
  EXPECT_EQ(plan->lower_bound, 2048u);
  expect_sound(chain, *plan);
}

TEST(MemoryPlan, TakesTheSmallestGap) {
  // Two gaps beside long-lived blocks: 128 and 64 bytes; the block of 64 goes into the second.
  const std::vector<Lifetime> lifetimes = {{640, 0, 9}, {128, 0, 1}, {320, 0, 9},
                                           {64, 0, 1},  {256, 0, 9}, {64, 2, 3}};
  const auto plan = plan_memory(lifetimes);
  ASSERT_TRUE(plan);
  expect_sound(lifetimes, *plan);
  EXPECT_EQ(plan->bytes, plan->lower_bound);
}

TEST(MemoryPlan, OtherOrdersAreTried) {
  // Largest first, 768 bytes.
  const std::vector<Lifetime> lifetimes = {
      {256, 2, 4}, {256, 0, 0}, {256, 1, 2}, {128, 3, 5}, {256, 0, 1}};
  const auto plan = plan_memory(lifetimes);
  ASSERT_TRUE(plan);
  expect_sound(lifetimes, *plan);
  EXPECT_EQ(plan->bytes, 512u);
  EXPECT_EQ(plan->lower_bound, 512u);
}

TEST(MemoryPlan, RandomLifetimesNeverOverlap) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    std::vector<Lifetime> lifetimes(random() % 60);
    for (Lifetime& life : lifetimes) {
      life.bytes = random() % 5000;
      life.first = static_cast<int>(random() % 40);
      life.last = life.first + static_cast<int>(random() % 8);
    }
    const auto plan = plan_memory(lifetimes);
    ASSERT_TRUE(plan);
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_sound(lifetimes, *plan);
  }
}

// More than anybody could compare pair by pair.
TEST(MemoryPlan, ManyLifetimes) {
  constexpr int kMany = 30000;
  std::vector<Lifetime> chain, at_once;
  for (int i = 0; i < kMany; ++i) {
    chain.push_back({64, i, i + 1});
    at_once.push_back({64, i, kMany});
  }
  EXPECT_EQ(plan_memory(chain)->bytes, 128u);
  const auto plan = plan_memory(at_once);
  EXPECT_EQ(plan->bytes, size_t{64} * kMany);
  EXPECT_EQ(plan->bytes, plan->lower_bound);
  const std::set<size_t> places(plan->offsets.begin(), plan->offsets.end());
  EXPECT_EQ(places.size(), at_once.size());
}

TEST(MemoryPlan, RefusesWhatNoMachineHas) {
  const std::vector<Lifetime> huge(4, {size_t{1} << 49, 0, 0});
  const auto plan = plan_memory(huge);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, ErrorKind::kModel);
}

}  // namespace
}  // namespace shrike
