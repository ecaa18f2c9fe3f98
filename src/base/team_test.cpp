#include "base/team.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

namespace shrike {
namespace {

constexpr int kThreads[] = {1, 2, 3, 5, 17};  // more than there are cores

TEST(Team, EveryIndexOnceForAnyCount) {
  constexpr int64_t kCounts[] = {0, 1, 2, 3, 7, 64, 127, 1, 1000, 1, 2, 100003};
  for (const int threads : kThreads) {
    ThreadPool pool(threads);
    Team team(pool);
    for (int round = 0; round < 3; ++round) {
      std::vector<std::vector<std::atomic<int>>> hits;
      for (const int64_t count : kCounts) hits.emplace_back(static_cast<size_t>(count));
      team.run([&](ThreadPool& member) {
        EXPECT_EQ(member.threads(), threads);
        for (std::vector<std::atomic<int>>& own : hits)
          member.parallel_for(static_cast<int64_t>(own.size()),
                              [&](int64_t i, int) { ++own[static_cast<size_t>(i)]; });
      });
      for (const auto& own : hits)
        for (const auto& hit : own) EXPECT_EQ(hit, 1);
    }
  }
}

// Each loop reads what others have written in the one before, and writes where they have read.
TEST(Team, LoopsBeginWhenTheOneBeforeHasEnded) {
  constexpr int64_t kCount = 50;
  constexpr int kLoops = 400;
  for (const int threads : kThreads) {
    ThreadPool pool(threads);
    Team team(pool);
    std::array<std::vector<int64_t>, 2> rows;
    for (auto& row : rows) row.assign(kCount, 1);
    team.run([&](ThreadPool& member) {
      for (size_t loop = 0; loop < kLoops; ++loop) {
        const std::vector<int64_t>& from = rows[loop % 2];
        std::vector<int64_t>& to = rows[(loop + 1) % 2];
        member.parallel_for(kCount, [&](int64_t i, int) {
          const auto at = [&](int64_t j) {
            return from[static_cast<size_t>((j + kCount) % kCount)];
          };
          to[static_cast<size_t>(i)] = (at(i - 1) + 3 * at(i) + 5 * at(i + 25) + i) % 1000003;
        });
      }
    });
    std::vector<int64_t> row(kCount, 1), next(kCount);
    for (int loop = 0; loop < kLoops; ++loop, row.swap(next))
      for (int64_t i = 0; i < kCount; ++i) {
        const auto at = [&](int64_t j) { return row[static_cast<size_t>((j + kCount) % kCount)]; };
        next[static_cast<size_t>(i)] = (at(i - 1) + 3 * at(i) + 5 * at(i + 25) + i) % 1000003;
      }
    EXPECT_EQ(rows[kLoops % 2], row) << threads << " threads";
  }
}

// One comes when all is over, and has nothing to do.
TEST(Team, WhoComesLateHoldsNobodyUp) {
  ThreadPool pool(2);
  Team team(pool);
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> come = 0;
    std::atomic<int64_t> sum = 0, by_late = 0;
    std::atomic<bool> over = false, in_time = true;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    team.run([&](ThreadPool& member) {
      const bool late = come++ == 1;
      while (late && !over && in_time) {
        std::this_thread::yield();
        in_time = std::chrono::steady_clock::now() < deadline;
      }
      for (int64_t loop = 2; loop < 60; ++loop)
        member.parallel_for(loop, [&](int64_t i, int) {
          sum += i;
          by_late += late ? 1 : 0;
        });
      over = true;
    });
    ASSERT_TRUE(in_time) << "round " << round;
    int64_t expected = 0;
    for (int64_t loop = 2; loop < 60; ++loop) expected += loop * (loop - 1) / 2;
    EXPECT_EQ(sum, expected);
    EXPECT_EQ(by_late, 0);
  }
}

TEST(Team, NoTwoBodiesShareAWorkerAtATime) {
  ThreadPool pool(4);
  Team team(pool);
  std::array<std::atomic<int>, 4> inside{};
  std::atomic<int> clashes = 0;
  team.run([&](ThreadPool& member) {
    for (int round = 0; round < 200; ++round)
      member.parallel_for(1 + round % 37, [&](int64_t, int worker) {
        std::atomic<int>& mine = inside[static_cast<size_t>(worker)];
        clashes += mine.fetch_add(1);
        mine.fetch_sub(1);
      });
  });
  EXPECT_EQ(clashes, 0);
}

// Loops of the pool itself, before and behind, have numbers of their own.
TEST(Team, TakesTurnsWithThePoolsOwnLoops) {
  for (const int threads : kThreads) {
    ThreadPool pool(threads);
    Team team(pool);
    for (int64_t round = 1; round < 200; ++round) {
      std::atomic<int64_t> sum = 0;
      pool.parallel_for(round, [&](int64_t i, int) { sum += i; });
      team.run([&](ThreadPool& member) {
        for (int64_t count = 1; count < 4; ++count)
          member.parallel_for(count, [&](int64_t i, int) { sum += i; });
      });
      ASSERT_EQ(sum, round * (round - 1) / 2 + 4) << threads << " threads, round " << round;
    }
  }
}

}  // namespace
}  // namespace shrike
