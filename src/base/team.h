// Team: the threads of a pool that run the same code side by side, loop after loop.
//
// Of a pool one thread runs the code, hands out each loop, and waits until it is over: two messages
// between cores, where a short loop's work takes no longer than some. Threads of a team come to
// each loop by themselves and leave it when all of it is done: one message.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>

#include "base/shares.h"
#include "base/thread_pool.h"

namespace shrike {

class Team {
 public:
  // What threads run. To it `member` is a pool of as many threads: all call the same loops, with
  // equal counts and bodies that do the same, and whoever is there does an index, on behalf of all.
  // A thread that comes late goes through loops that are over, maybe when run() has come back: so
  // outside of loops the code writes nothing that others see, reads nothing that loops write, reads
  // nothing that is gone before the team is, and does not throw.
  using Body = std::function<void(ThreadPool& member, size_t argument)>;

  Team(int threads, Body body);
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team();

  // For loops of the caller's own, between runs.
  ThreadPool& pool() { return pool_; }
  const ThreadPool& pool() const { return pool_; }

  // Calls body(member, argument) on all threads, and returns when the caller's call has: then all
  // loops are over. One caller at a time.
  void run(size_t argument);
  // Whether it is worth it: threads wait for each other by spinning, so those of all teams of the
  // process should have a core each.
  bool gains() const;

 private:
  friend class ThreadPool;

  // On a cache line of its own: its thread writes it in each loop.
  struct alignas(64) Member {
    Member(Team& team, int place) : pool(team, place) {}
    ThreadPool pool;
    uint64_t loops = 0, units = 0;  // of all loops that it has come to
  };

  // What a run begins with: consistent where `number` is the same before and after it is read.
  struct alignas(64) Start {
    std::atomic<uint64_t> number{0};  // 0: it is being written
    std::atomic<size_t> argument{0};
    std::atomic<uint64_t> loops{0}, units{0};  // of all loops before
    std::atomic<uint32_t> control{0};          // float_control.h
  };

  void enter(int place);
  void run_loop(int place, int64_t count, ThreadPool::RangeFunction function, const void* context);

  const Body body_;
  uint64_t runs_ = 0;
  Start start_;
  Shares shares_;
  std::deque<Member> members_;
  alignas(64) std::atomic<uint64_t> done_{0};  // units of all loops
  ThreadPool pool_;                            // the first to go, with its threads
};

}  // namespace shrike
