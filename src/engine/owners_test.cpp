#include "engine/owners.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "engine/testing/sound.h"

namespace shrike {
namespace {

size_t changing_hands(const std::vector<Lifetime>& lifetimes, int threads) {
  MemoryPlan plan = *plan_memory(lifetimes);
  const size_t bytes = plan.bytes;
  move_to_owners(lifetimes, threads, plan);
  expect_sound(lifetimes, plan);
  EXPECT_EQ(plan.bytes, bytes);
  return bytes_changing_hands(lifetimes, threads, plan);
}

// Halves of 512 where there were those of 1024: a half of each is the other thread's.
TEST(Owners, CountsWhatOthersHaveWritten) {
  const std::vector<Lifetime> lifetimes = {{1024, 0, 0}, {512, 1, 1}};
  const MemoryPlan left{{0, 0}, 1024, 1024}, middle{{0, 256}, 1024, 1024};
  EXPECT_EQ(bytes_changing_hands(lifetimes, 1, left), 0u);
  // 256 of the smaller one, which the larger one takes back in the next run.
  EXPECT_EQ(bytes_changing_hands(lifetimes, 2, left), 512u);
  EXPECT_EQ(bytes_changing_hands(lifetimes, 2, middle), 0u);
}

TEST(Owners, BlocksMoveToWhereTheirMiddleWas) {
  EXPECT_EQ(changing_hands({{4096, 0, 0}, {1024, 1, 1}, {2048, 2, 2}, {512, 3, 3}}, 2), 0u);
  // Two places in turn, and what the first block finds of the run before.
  std::vector<Lifetime> chain;
  for (int i = 0; i < 12; ++i)
    chain.push_back({i < 2 ? size_t{8192} : size_t{1024} << i % 3, i, i + 1});
  EXPECT_LE(changing_hands(chain, 2), 1024u);
}

TEST(Owners, OneThreadMovesNothing) {
  const std::vector<Lifetime> lifetimes = {{1024, 0, 1}, {512, 1, 2}, {2048, 2, 3}, {512, 3, 4}};
  MemoryPlan plan = *plan_memory(lifetimes);
  const std::vector<size_t> before = plan.offsets;
  move_to_owners(lifetimes, 1, plan);
  EXPECT_EQ(plan.offsets, before);
}

TEST(Owners, RandomLifetimesNeverOverlap) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::vector<Lifetime> lifetimes(random() % 60);
    for (Lifetime& life : lifetimes) {
      life.bytes = random() % 9000;
      life.first = static_cast<int>(random() % 40);
      life.last = life.first + static_cast<int>(random() % 8);
    }
    for (const int threads : {2, 3, 64}) changing_hands(lifetimes, threads);
  }
}

// Blocks keep their places in pairs of lines.
TEST(Owners, MovesByPairsOfLines) {
  std::mt19937 random(5);
  std::vector<Lifetime> lifetimes;
  for (int i = 0; i < 40; ++i) lifetimes.push_back({128 * (1 + random() % 60), i, i + 1 + i % 3});
  MemoryPlan plan = *plan_memory(lifetimes);
  const std::vector<size_t> before = plan.offsets;
  move_to_owners(lifetimes, 2, plan);
  EXPECT_NE(plan.offsets, before);
  for (const size_t offset : plan.offsets) EXPECT_EQ(offset % 128, 0u);
}

// More comparisons than are made: some blocks move, the others stay. And too many blocks.
TEST(Owners, ManyLifetimes) {
  std::vector<Lifetime> many;
  for (int i = 0; i < 200; ++i) many.push_back({size_t{1024} << i % 4, i, i});
  for (int i = 0; i < 1500; ++i) many.push_back({128, 200, 1800});
  for (int i = 200; i < 1800; ++i) many.push_back({size_t{1024} << i % 4, i, i});
  const size_t before = bytes_changing_hands(many, 2, *plan_memory(many));
  EXPECT_LT(changing_hands(many, 2), before);
  many.resize(6000, {128, 1900, 1900});
  MemoryPlan plan = *plan_memory(many);
  const std::vector<size_t> offsets = plan.offsets;
  move_to_owners(many, 2, plan);
  EXPECT_EQ(plan.offsets, offsets);
}

}  // namespace
}  // namespace shrike
