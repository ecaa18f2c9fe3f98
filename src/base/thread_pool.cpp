#include "base/thread_pool.h"

#include <algorithm>
#include <exception>

#include "base/cpu.h"
#include "base/signals.h"
#include "base/work_recorder.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace shrike {

namespace {

// Layers follow each other within microseconds: a worker that spins this long rarely has to be
// woken, and one that finds nothing to do gives its core back soon after.
constexpr int kSpins = 20000;

// Units a worker, at most: more would cost more to hand out than they help to even out.
constexpr int64_t kMostUnits = 64;

constexpr int64_t kNone = -1;

// Of the pool's epoch the lower bits count the workers that sleep, or are about to, the upper ones
// the loops and the end. In one number, as each side must see the other's step or be seen: a worker
// that counts itself as asleep learns whether there is another loop, and who starts a loop whether
// somebody must be woken. Only then is there a lock to take.
constexpr uint64_t kLoop = uint64_t{1} << 16;
static_assert(kLoop > 1024, "more sleepers than callers let there be threads");

uint64_t loops(uint64_t epoch) { return epoch / kLoop; }
bool has_sleepers(uint64_t epoch) { return epoch % kLoop != 0; }

// A worker's part of a loop, for the pool's recorder where there is one.
class Part {
 public:
  Part(const ThreadPool& pool, int worker) : pool_(pool), worker_(worker) {
    if (WorkRecorder::of(pool)) begin_ = std::chrono::steady_clock::now();
  }

  // Asks again: a worker may come from a loop before, when there was another recorder or none.
  void note() const {
    WorkRecorder* recorder = WorkRecorder::of(pool_);
    if (recorder && begin_ != WorkSpan::Time()) recorder->note(worker_, begin_);
  }

 private:
  const ThreadPool& pool_;
  int worker_;
  WorkSpan::Time begin_;
};

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// As they were when the first pool was made.
int cores() {
  static const int count = usable_cores();
  return count;
}

// Threads that can get on at a time. Of a pool of more, a loop wakes so many, and none waits by
// spinning: they would only take each other's time. Who sleeps on is not needed, as any worker does
// any share.
int threads_at_once(int threads) { return std::min(threads, cores()); }
int most_spins(int threads) { return threads > cores() ? 0 : kSpins; }

uint64_t pack(int64_t first, int64_t end) {
  return static_cast<uint64_t>(first) << 32 | static_cast<uint64_t>(end);
}

// The owner takes from the front, in memory's order; the others from the back, far from it.
int64_t take_unit(std::atomic<uint64_t>& units, bool front) {
  uint64_t seen = units.load(std::memory_order_relaxed);
  for (;;) {
    const auto first = static_cast<int64_t>(seen >> 32);
    const auto end = static_cast<int64_t>(seen & 0xffffffffu);
    if (first >= end) return kNone;
    const uint64_t rest = front ? pack(first + 1, end) : pack(first, end - 1);
    // A value seen in one loop and equal in the next is taken from the next: no less right.
    if (units.compare_exchange_weak(seen, rest, std::memory_order_acquire,
                                    std::memory_order_relaxed))
      return front ? first : end - 1;
  }
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  const int count = std::max(1, threads);
  shares_ = std::make_unique<Share[]>(static_cast<size_t>(threads_at_once(count)));
  workers_.reserve(static_cast<size_t>(count));
  const SignalsHeld held;  // in the workers: the caller answers them
  try {
    for (int worker = 1; worker < count; ++worker)
      workers_.emplace_back([this, worker] { worker_loop(worker); });
  } catch (const std::exception&) {
    // A limit on processes or memory: those that started do the work.
  }
}

ThreadPool::~ThreadPool() {
  stop_ = true;
  if (has_sleepers(epoch_.fetch_add(kLoop, std::memory_order_acq_rel))) {
    const std::lock_guard lock(mutex_);
    wake_.notify_all();
  }
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(int64_t count, RangeFunction function, const void* context) {
  if (count <= 0) return;
  if (workers_.empty() || count == 1) {
    const Part part(*this, 0);
    function(context, 0, count, 0);
    part.note();
    return;
  }
  const int64_t sharers = threads_at_once(threads());
  count_ = count;
  function_ = function;
  context_ = context;
  const int64_t most = kMostUnits * sharers;
  grain_ = (count + most - 1) / most;
  const int64_t units = (count + grain_ - 1) / grain_;
  unfinished_.store(units, std::memory_order_relaxed);
  for (int64_t w = 0; w < sharers; ++w)
    shares_[static_cast<size_t>(w)].units.store(
        pack(units * w / sharers, units * (w + 1) / sharers), std::memory_order_release);
  if (has_sleepers(epoch_.fetch_add(kLoop, std::memory_order_acq_rel))) {
    // Once the lock is free, who counted itself as asleep waits.
    { const std::lock_guard lock(mutex_); }
    if (sharers == threads()) {
      wake_.notify_all();
    } else {
      for (int64_t i = 0; i < sharers; ++i) wake_.notify_one();
    }
  }
  work(0);
  int spins = 0;
  const int spins_at_most = most_spins(threads());
  while (unfinished_.load(std::memory_order_acquire) > 0) {
    if (++spins < spins_at_most) {
      pause();
    } else {
      std::this_thread::yield();
    }
  }
}

void ThreadPool::work(int worker) {
  const Part part(*this, worker);
  int64_t done = 0;
  for (int64_t unit = take(worker); unit != kNone; unit = take(worker), ++done)
    function_(context_, unit * grain_, std::min(count_, (unit + 1) * grain_), worker);
  if (done == 0) return;
  part.note();
  unfinished_.fetch_sub(done, std::memory_order_acq_rel);
}

int64_t ThreadPool::take(int worker) {
  const int sharers = threads_at_once(threads());
  for (int i = 0; i < sharers; ++i) {
    const int64_t unit =
        take_unit(shares_[static_cast<size_t>((worker + i) % sharers)].units, i == 0);
    if (unit != kNone) return unit;
  }
  return kNone;
}

void ThreadPool::worker_loop(int worker) {
  uint64_t seen = 0;
  int spins_at_most = 0;  // until the first loop it is not known how many threads there will be
  for (;;) {
    int spins = 0;
    const auto waits = [&] { return loops(epoch_.load(std::memory_order_acquire)) == seen; };
    while (waits() && spins < spins_at_most) {
      pause();
      ++spins;
    }
    if (waits()) {
      std::unique_lock lock(mutex_);
      epoch_.fetch_add(1, std::memory_order_acq_rel);  // asleep from here on
      wake_.wait(lock, [&] { return !waits(); });
      epoch_.fetch_sub(1, std::memory_order_acq_rel);
    }
    seen = loops(epoch_.load(std::memory_order_acquire));
    if (stop_) return;
    spins_at_most = most_spins(threads());
    work(worker);
  }
}

}  // namespace shrike
