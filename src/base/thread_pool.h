// A fixed set of threads that run one parallel loop at a time.
//
// parallel_for(count, body) calls body(index, worker) once for each index in 0..count-1 and
// returns when all are done. Worker w of W starts with the w-th share of the indices, so that
// loops of one shape find their data in the same core's cache; who is done takes from the others'
// shares, so that a core which is slower, or busy elsewhere, holds nobody up. `worker` is in
// 0..threads()-1 and nobody else's while the body runs: an index into scratch memory. Which worker
// gets an index differs from run to run: results must not depend on it. Bodies must not throw and
// must not start another loop on the same pool. They round as the caller does (float_control.h).
// One caller at a time, but for pools of one thread, whose callers do all themselves.
//
// A pool may be a member of a team (team.h): then all threads run the code that calls its loops,
// which writes nothing between them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/shares.h"

namespace shrike {

class Team;

class ThreadPool {
 public:
  // `threads` counts the caller, who works too; at least 1. Fewer where the machine refuses more:
  // threads() says how many there are.
  explicit ThreadPool(int threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  int threads() const { return threads_; }

  template <typename Body>
  void parallel_for(int64_t count, const Body& body) {
    run(
        count,
        [](const void* context, int64_t begin, int64_t end, int worker) {
          const Body& call = *static_cast<const Body*>(context);
          for (int64_t i = begin; i < end; ++i) call(i, worker);
        },
        &body);
  }

 private:
  friend class Team;

  using RangeFunction = void (*)(const void* context, int64_t begin, int64_t end, int worker);

  // Two of these take turns: who reads that of an epoch, and sees no later one then, has read what
  // belongs together.
  struct Loop {
    std::atomic<int64_t> count{0};
    std::atomic<RangeFunction> function{nullptr};
    std::atomic<const void*> context{nullptr};
  };

  // A loop, read.
  struct Work {
    Shares::Loop loop;
    RangeFunction function;
    const void* context;
    uint32_t control;  // float_control.h
  };

  // A team's member (team.h).
  ThreadPool(Team& team, int place);

  // Spins for a while, then gives its core away in between.
  template <typename IsOver>
  static void wait_until(const IsOver& is_over, int most_spins = kSpins) {
    for (int spins = 0; !is_over();) {
      if (spins < most_spins) {
        pause();
        ++spins;
      } else {
        std::this_thread::yield();
      }
    }
  }
  static void pause();
  // As they were when they were first asked for.
  static int cores();

  void run(int64_t count, RangeFunction function, const void* context);
  // Has each worker call function(context, 0, 0, worker), but one that comes when there is another
  // loop or call already, and does not wait for them.
  void call_workers(RangeFunction function, const void* context);
  // Of a loop, or of a call, whose count is 0.
  Work begin(int64_t count, RangeFunction function, const void* context);
  void wake_sleepers();
  // Whether all threads can get on at a time.
  bool all_at_once() const { return shares_.count() == threads_; }
  // What began with `epoch`; nothing once another loop has begun.
  std::optional<Work> work_of(uint64_t epoch) const;
  // Takes units until there are none left, and reports others' than the caller's as done. Returns
  // the caller's.
  int64_t do_work(const Work& work, int worker);
  void worker_loop(int worker);

  // Layers follow each other within microseconds: a worker that spins this long rarely has to be
  // woken, and one that finds nothing to do gives its core back soon after.
  static constexpr int kSpins = 20000;

  // Read by all, and written when the pool is made and when it ends.
  Team* team_ = nullptr;  // where it is a member's
  int place_ = 0;         // in the team
  int threads_ = 1;
  std::vector<std::thread> workers_;
  Shares shares_;
  int most_spins_ = 0;
  std::atomic<bool> stop_{false};

  // One cache line passes from the caller to each worker when a loop begins.
  alignas(64) std::atomic<uint64_t> epoch_{0};
  Loop loops_[2];
  std::atomic<uint32_t> controls_[2] = {};  // of these loops: float_control.h
  static_assert(sizeof epoch_ + sizeof loops_ + sizeof controls_ <= 64);

  // Units of all loops that others than the caller have done.
  alignas(64) std::atomic<uint64_t> done_by_others_{0};

  alignas(64) uint64_t expected_of_others_ = 0;  // the caller's
  std::mutex mutex_;
  std::condition_variable wake_;
};

}  // namespace shrike
