#include "base/team.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/float_control.h"

namespace shrike {
namespace {

constexpr int kThreads[] = {1, 2, 3, 5, 17};  // more than there are cores

TEST(Team, EveryIndexOnceForAnyCount) {
  constexpr int64_t kCounts[] = {0, 1, 2, 3, 7, 64, 127, 1, 1000, 1, 2, 100003};
  for (const int threads : kThreads) {
    std::vector<std::vector<std::atomic<int>>> hits;
    for (const int64_t count : kCounts) hits.emplace_back(static_cast<size_t>(count));
    Team team(threads, [&](ThreadPool& member, size_t round) {
      EXPECT_EQ(member.threads(), threads);
      for (std::vector<std::atomic<int>>& own : hits)
        member.parallel_for(static_cast<int64_t>(own.size()), [&](int64_t i, int) {
          own[static_cast<size_t>(i)] += 1 << (8 * round);
        });
    });
    for (size_t round = 0; round < 3; ++round) {
      team.run(round);
      for (const auto& own : hits)
        for (const auto& hit : own) EXPECT_EQ(hit, (1 << (8 * (round + 1))) / 255);
    }
  }
}

// Each loop reads what others have written in the one before, and writes where they have read.
TEST(Team, LoopsBeginWhenTheOneBeforeHasEnded) {
  constexpr int64_t kCount = 50;
  constexpr size_t kLoops = 400, kRuns = 20;
  using Rows = std::array<std::vector<int64_t>, 2>;
  const Rows ones{std::vector<int64_t>(kCount, 1), std::vector<int64_t>(kCount, 1)};
  const auto fill = [](Rows& rows, size_t loop, int64_t i) {
    const std::vector<int64_t>& row = rows[loop % 2];
    const auto at = [&](int64_t j) { return row[static_cast<size_t>((j + kCount) % kCount)]; };
    rows[(loop + 1) % 2][static_cast<size_t>(i)] =
        (at(i - 1) + 3 * at(i) + 5 * at(i + 25) + i) % 1000003;
  };
  for (const int threads : kThreads) {
    Rows rows = ones, expected = ones;
    std::atomic<bool> others = threads == 1;
    Team team(threads, [&](ThreadPool& member, size_t) {
      for (size_t loop = 0; loop < kLoops; ++loop)
        member.parallel_for(kCount, [&](int64_t i, int worker) {
          fill(rows, loop, i);
          if (worker > 0) others = true;
        });
    });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (size_t run = 0; run < kRuns || !others; ++run) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the others never come";
      team.run(0);
      for (size_t loop = 0; loop < kLoops; ++loop)
        for (int64_t i = 0; i < kCount; ++i) fill(expected, loop, i);
      ASSERT_EQ(rows, expected) << threads << " threads, run " << run;
    }
  }
}

// One that comes when all is over holds up neither loops nor the end, and does nothing; also when
// others run on.
TEST(Team, WhoComesLateHoldsNobodyUp) {
  constexpr int64_t kLoops = 60, kRuns = 20;
  std::atomic<int64_t> sum = 0, by_late = 0;
  std::atomic<bool> has_come = false, may_go_on = false, is_through = false;
  Team team(2, [&](ThreadPool& member, size_t run) {
    std::atomic<bool> own = false;
    member.parallel_for(1, [&](int64_t, int) { own = true; });
    if (run == 0 && !own) {
      has_come = true;
      while (!may_go_on) std::this_thread::yield();
      for (int64_t loop = 1; loop < kLoops; ++loop)
        member.parallel_for(loop, [&](int64_t, int) { ++by_late; });
      is_through = true;
      return;
    }
    if (run == 0)
      while (!has_come) std::this_thread::yield();
    for (int64_t loop = 1; loop < kLoops; ++loop)
      member.parallel_for(loop, [&](int64_t i, int) { sum += i; });
  });
  int64_t expected = 0;
  for (int64_t loop = 1; loop < kLoops; ++loop) expected += loop * (loop - 1) / 2;
  for (int64_t run = 0; run < kRuns; ++run) {
    team.run(static_cast<size_t>(run));
    EXPECT_EQ(sum, expected * (run + 1));
    if (run == kRuns / 2) may_go_on = true;
  }
  while (!is_through) std::this_thread::yield();
  EXPECT_EQ(by_late, 0);
}

TEST(Team, NoTwoBodiesShareAWorkerAtATime) {
  std::array<std::atomic<int>, 4> inside{};
  std::atomic<int> clashes = 0;
  Team team(4, [&](ThreadPool& member, size_t) {
    for (int round = 0; round < 20; ++round)
      member.parallel_for(1 + round % 37, [&](int64_t, int worker) {
        std::atomic<int>& mine = inside[static_cast<size_t>(worker)];
        clashes += mine.fetch_add(1);
        mine.fetch_sub(1);
      });
  });
  for (int run = 0; run < 200; ++run) team.run(0);
  EXPECT_EQ(clashes, 0);
}

// Loops of the pool itself, before and behind, have numbers of their own.
TEST(Team, TakesTurnsWithThePoolsOwnLoops) {
  for (const int threads : kThreads) {
    std::atomic<int64_t> sum = 0;
    Team team(threads, [&](ThreadPool& member, size_t runs) {
      for (int64_t count = 1; count < 4; ++count)
        member.parallel_for(count, [&](int64_t i, int) { sum += i * static_cast<int64_t>(runs); });
    });
    int64_t expected = 0;
    for (int64_t round = 1; round < 300; ++round) {
      team.pool().parallel_for(round, [&](int64_t i, int) { sum += i; });
      team.run(static_cast<size_t>(round));
      expected += round * (round - 1) / 2 + 4 * round;
      ASSERT_EQ(sum, expected) << threads << " threads, round " << round;
    }
  }
}

// As a pool's workers do.
TEST(Team, RoundsAsTheCallerDoes) {
  std::array<std::atomic<uint32_t>, 2> others{};
  std::array<std::atomic<bool>, 2> is_there{};
  const std::thread::id caller = std::this_thread::get_id();
  Team team(2, [&](ThreadPool&, size_t run) {
    if (std::this_thread::get_id() == caller) return;
    others[run] = float_control();
    is_there[run] = true;
  });
  const auto run = [&](size_t number) {
    team.run(number);
    while (!is_there[number]) std::this_thread::yield();
    EXPECT_EQ(others[number], float_control());
  };
  run(0);
  const DenormalsAsZeros zeros;
  run(1);
}

}  // namespace
}  // namespace shrike
