// A fixed set of threads that run one parallel loop at a time.
//
// parallel_for(count, body) calls body(index, worker) once for each index in 0..count-1 and
// returns when all are done. Indices are dealt out statically: worker w of W gets a contiguous
// range, so what a worker computes, and where, depends on count and W alone. Bodies must not throw
// and must not start another loop on the same pool. One caller at a time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace shrike {

class ThreadPool {
 public:
  // `threads` counts the caller, who works too; at least 1.
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

  void run(int64_t count, RangeFunction function, const void* context);
  void run_share(int worker) const;
  void worker_loop(int worker);

  std::vector<std::thread> workers_;

  // The loop in progress; written by the caller before `epoch_` is raised.
  int64_t count_ = 0;
  RangeFunction function_ = nullptr;
  const void* context_ = nullptr;

  std::atomic<uint64_t> epoch_{0};
  std::atomic<int> pending_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
};

}  // namespace shrike
