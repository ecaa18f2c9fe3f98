#include "base/thread_pool.h"

#include <algorithm>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace shrike {

namespace {

// Layers follow each other within microseconds: a worker that spins this long rarely has to be
// woken, and one that finds nothing to do gives its core back soon after.
constexpr int kSpins = 20000;

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  for (int worker = 1; worker < std::max(1, threads); ++worker)
    workers_.emplace_back([this, worker] { worker_loop(worker); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    epoch_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(int64_t count, RangeFunction function, const void* context) {
  if (count <= 0) return;
  if (workers_.empty() || count == 1) {
    function(context, 0, count, 0);
    return;
  }
  count_ = count;
  function_ = function;
  context_ = context;
  pending_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  {
    // Under the lock, so that a worker about to sleep cannot miss it.
    std::lock_guard lock(mutex_);
    epoch_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
  run_share(0);
  int spins = 0;
  while (pending_.load(std::memory_order_acquire) > 0) {
    if (++spins < kSpins) {
      pause();
    } else {
      std::this_thread::yield();
    }
  }
}

void ThreadPool::run_share(int worker) const {
  const int64_t workers = threads();
  const int64_t begin = count_ * worker / workers;
  const int64_t end = count_ * (worker + 1) / workers;
  if (begin < end) function_(context_, begin, end, worker);
}

void ThreadPool::worker_loop(int worker) {
  uint64_t seen = 0;
  for (;;) {
    int spins = 0;
    while (epoch_.load(std::memory_order_acquire) == seen && spins < kSpins) {
      pause();
      ++spins;
    }
    if (epoch_.load(std::memory_order_acquire) == seen) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return epoch_.load(std::memory_order_acquire) != seen; });
    }
    seen = epoch_.load(std::memory_order_acquire);
    if (stop_) return;
    run_share(worker);
    pending_.fetch_sub(1, std::memory_order_acq_rel);
  }
}

}  // namespace shrike
