// A fixed set of threads that run one parallel loop at a time.
//
// parallel_for(count, body) calls body(index, worker) once for each index in 0..count-1 and
// returns when all are done. Worker w of W starts with the w-th share of the indices, so that
// loops of one shape find their data in the same core's cache; who is done takes from the others'
// shares, so that a core which is slower, or busy elsewhere, holds nobody up. `worker` is in
// 0..threads()-1 and nobody else's while the body runs: an index into scratch memory. Which worker
// gets an index differs from run to run: results must not depend on it. Bodies must not throw and
// must not start another loop on the same pool. One caller at a time, but for pools of one thread,
// whose callers do all themselves.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace shrike {

class ThreadPool {
 public:
  // `threads` counts the caller, who works too; at least 1. Fewer where the machine refuses more:
  // threads() says how many there are.
  explicit ThreadPool(int threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

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
  using RangeFunction = void (*)(const void* context, int64_t begin, int64_t end, int worker);

  // Units of a worker's share that nobody has taken yet: first in the high half, end in the low.
  // On a cache line of its own, as its owner writes it all the time.
  struct alignas(64) Share {
    std::atomic<uint64_t> units{0};
  };

  void run(int64_t count, RangeFunction function, const void* context);
  // Takes units until there are none left, and reports them done.
  void work(int worker);
  int64_t take(int worker);
  void worker_loop(int worker);

  std::vector<std::thread> workers_;
  std::unique_ptr<Share[]> shares_;  // threads() of them

  // The loop in progress. Written by the caller while no unit is taken, read by whoever holds one:
  // taking a unit acquires what was written before it was handed out.
  int64_t count_ = 0;
  int64_t grain_ = 1;  // indices a unit
  RangeFunction function_ = nullptr;
  const void* context_ = nullptr;

  std::atomic<int64_t> unfinished_{0};  // units
  std::atomic<uint64_t> epoch_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
};

}  // namespace shrike
