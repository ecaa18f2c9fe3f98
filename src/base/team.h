// Team: the threads of a pool that run the same code side by side, loop after loop.
//
// Of a pool one thread runs the code, hands out each loop, and waits until it is over: two messages
// between cores, where a short loop's work takes no longer than some. Threads of a team come to
// each loop by themselves and leave it when all of it is done: one message.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>

#include "base/shares.h"
#include "base/thread_pool.h"

namespace shrike {

class Team {
 public:
  // Of a pool that outlives it.
  explicit Team(ThreadPool& pool);
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  // Calls body(member) on each thread of the pool, and returns when all have come back. To `body`
  // the member is a pool of as many threads: all call the same loops, with equal counts and bodies
  // that do the same, and whoever is there does an index, on behalf of all. A thread that comes
  // late goes through loops that are over. So outside of loops `body` writes nothing that others
  // read, and reads nothing that decides about loops but what no loop writes.
  // It waits by spinning: for pools whose threads can get on all_at_once().
  template <typename Body>
  void run(const Body& body) {
    pool_.parallel_for(static_cast<int64_t>(members_.size()),
                       [&](int64_t i, int) { body(members_[static_cast<size_t>(i)].pool); });
  }

 private:
  friend class ThreadPool;

  // On a cache line of its own: its thread writes it in each loop.
  struct alignas(64) Member {
    Member(Team& team, int place) : pool(team, place) {}
    ThreadPool pool;
    uint64_t loops = 0, units = 0;  // of all loops that it has come to
  };

  void run_loop(int place, int64_t count, ThreadPool::RangeFunction function, const void* context);

  ThreadPool& pool_;
  std::deque<Member> members_;
  Shares shares_;
  alignas(64) std::atomic<uint64_t> done_{0};  // units of all loops
};

}  // namespace shrike
