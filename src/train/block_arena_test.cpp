#include "train/block_arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace shrike::train {
namespace {

constexpr size_t kPage = 4096;

TEST(BlockArena, TakesTheSmallestGapAndJoinsGaps) {
  BlockArena arena(16 * kPage);
  std::byte* a = static_cast<std::byte*>(arena.take(4 * kPage));
  std::byte* b = static_cast<std::byte*>(arena.take(kPage - 7));
  std::byte* c = static_cast<std::byte*>(arena.take(2 * kPage));
  std::byte* d = static_cast<std::byte*>(arena.take(kPage));
  ASSERT_TRUE(a && b && c && d);
  EXPECT_EQ(b, a + 4 * kPage);
  EXPECT_EQ(arena.used(), 8 * kPage);
  arena.give(a);
  arena.give(c);
  EXPECT_EQ(arena.gaps(), 3u);
  EXPECT_EQ(arena.take(2 * kPage), c) << "the smallest that fits";
  EXPECT_EQ(arena.take(kPage), a);
  EXPECT_EQ(arena.take(3 * kPage), a + kPage);
  for (void* block : {static_cast<void*>(a), static_cast<void*>(c), static_cast<void*>(b),
                      static_cast<void*>(a + kPage), static_cast<void*>(d)})
    arena.give(block);
  EXPECT_EQ(arena.gaps(), 1u);
  EXPECT_EQ(arena.used(), 0u);
}

TEST(BlockArena, RefusesWhatDoesNotFit) {
  BlockArena arena(4 * kPage);
  EXPECT_EQ(arena.take(4 * kPage + 1), nullptr);
  EXPECT_EQ(arena.take(SIZE_MAX), nullptr);
  void* whole = arena.take(4 * kPage);
  ASSERT_TRUE(whole);
  EXPECT_EQ(arena.take(1), nullptr);
  EXPECT_TRUE(arena.owns(whole));
  EXPECT_TRUE(arena.owns(static_cast<std::byte*>(whole) + 4 * kPage - 1));
  EXPECT_FALSE(arena.owns(static_cast<std::byte*>(whole) + 4 * kPage));
  arena.give(whole);
}

TEST(BlockArena, WithoutAddressesHasNone) {
  BlockArena arena(SIZE_MAX / 2);
  EXPECT_EQ(arena.take(1), nullptr);
  EXPECT_FALSE(arena.owns(&arena));
}

// Blocks keep what is written to them while others come and go.
TEST(BlockArena, BlocksDoNotOverlap) {
  struct Held {
    std::byte* block;
    size_t size;
    std::byte mark;
  };
  BlockArena arena(64 * kPage);
  std::mt19937 random(9);
  std::vector<Held> held;
  for (int i = 0; i < 3000; ++i) {
    if (!held.empty() && random() % 2 == 0) {
      std::swap(held[random() % held.size()], held.back());
      const Held& h = held.back();
      ASSERT_TRUE(h.block[0] == h.mark && h.block[h.size - 1] == h.mark) << i;
      arena.give(h.block);
      held.pop_back();
    }
    const size_t size = 1 + random() % (9 * kPage);
    auto* block = static_cast<std::byte*>(arena.take(size));
    if (!block) continue;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % kPage, 0u);
    const auto mark = static_cast<std::byte>(i);
    std::memset(block, static_cast<int>(mark), size);
    held.push_back({block, size, mark});
  }
  for (const Held& h : held) arena.give(h.block);
  EXPECT_EQ(arena.gaps(), 1u);
}

}  // namespace
}  // namespace shrike::train
