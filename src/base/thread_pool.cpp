#include "base/thread_pool.h"

#include <algorithm>
#include <exception>

#include "base/cpu.h"
#include "base/float_control.h"
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

// A share's word: the loop, units taken from the front, units left.
constexpr int kUnitBits = 7;
static_assert(kMostUnits < 1 << kUnitBits);

struct ShareState {
  uint64_t loop;
  int64_t taken, left;

  static ShareState of(uint64_t word) {
    constexpr uint64_t kMask = (1 << kUnitBits) - 1;
    return {word >> 2 * kUnitBits, static_cast<int64_t>(word >> kUnitBits & kMask),
            static_cast<int64_t>(word & kMask)};
  }
  uint64_t word() const {
    return (loop << kUnitBits | static_cast<uint64_t>(taken)) << kUnitBits |
           static_cast<uint64_t>(left);
  }
};

}  // namespace

struct ThreadPool::Work {
  uint64_t number;
  int64_t count, grain, units;  // indices, indices a unit
  RangeFunction function;
  const void* context;
  uint32_t control;  // float_control.h
  int64_t sharers;

  static Work of(uint64_t number, int64_t count, RangeFunction function, const void* context,
                 uint32_t control, int64_t sharers) {
    const int64_t most = kMostUnits * sharers;
    const int64_t grain = (count + most - 1) / most;
    return {number, count, grain, (count + grain - 1) / grain, function, context, control, sharers};
  }
  int64_t first_unit(int64_t share) const { return units * share / sharers; }
};

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
  // Before the first loop, and so before any of them looks.
  sharers_ = threads_at_once(this->threads());
  most_spins_ = this->threads() > sharers_ ? 0 : kSpins;
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
  const uint64_t number = loops(epoch_.load(std::memory_order_relaxed)) + 1;
  // Released, as who reads one of these must then see that the loop before last is over.
  Loop& loop = loops_[number % 2];
  loop.count.store(count, std::memory_order_release);
  loop.function.store(function, std::memory_order_release);
  loop.context.store(context, std::memory_order_release);
  const uint32_t control = float_control();
  controls_[number % 2].store(control, std::memory_order_release);
  if (has_sleepers(epoch_.fetch_add(kLoop, std::memory_order_acq_rel))) wake_sleepers();
  const Work work = Work::of(number, count, function, context, control, sharers_);
  expected_of_others_ += static_cast<uint64_t>(work.units - do_work(work, 0));
  int spins = 0;
  while (done_by_others_.load(std::memory_order_acquire) != expected_of_others_) {
    if (++spins < most_spins_) {
      pause();
    } else {
      std::this_thread::yield();
    }
  }
}

void ThreadPool::wake_sleepers() {
  // Once the lock is free, who counted itself as asleep waits.
  { const std::lock_guard lock(mutex_); }
  if (sharers_ == threads()) {
    wake_.notify_all();
  } else {
    for (int i = 0; i < sharers_; ++i) wake_.notify_one();
  }
}

std::optional<ThreadPool::Work> ThreadPool::work_of(uint64_t epoch) const {
  const uint64_t number = loops(epoch);
  const Loop& loop = loops_[number % 2];
  const int64_t count = loop.count.load(std::memory_order_acquire);
  const RangeFunction function = loop.function.load(std::memory_order_acquire);
  const void* context = loop.context.load(std::memory_order_acquire);
  const uint32_t control = controls_[number % 2].load(std::memory_order_acquire);
  if (loops(epoch_.load(std::memory_order_relaxed)) != number) return std::nullopt;
  return Work::of(number, count, function, context, control, sharers_);
}

int64_t ThreadPool::do_work(const Work& work, int worker) {
  const Part part(*this, worker);
  int64_t done = 0;
  const auto take_all = [&](int64_t share, bool front) {
    for (int64_t unit = take(work, share, front); unit != kNone; unit = take(work, share, front)) {
      work.function(work.context, unit * work.grain, std::min(work.count, (unit + 1) * work.grain),
                    worker);
      ++done;
    }
  };
  const auto report = [&] {
    if (done == 0) return;
    part.note();
    if (worker == 0) return;
    done_by_others_.fetch_add(static_cast<uint64_t>(done), std::memory_order_acq_rel);
    done = 0;
  };
  take_all(worker % sharers_, true);
  // Before a look at the others' shares, which are far: the caller may be waiting.
  report();
  for (int64_t i = 1; i < sharers_; ++i) take_all((worker + i) % sharers_, false);
  report();
  return done;
}

// The owner takes from the front, in memory's order; the others from the back, far from it.
int64_t ThreadPool::take(const Work& work, int64_t share, bool front) {
  std::atomic<uint64_t>& word = shares_[static_cast<size_t>(share)].word;
  uint64_t seen = word.load(std::memory_order_relaxed);
  for (;;) {
    ShareState state = ShareState::of(seen);
    if (state.loop > work.number) return kNone;
    // A share that is not of this loop yet has units only if the loop is not over.
    const int64_t first = work.first_unit(share);
    if (state.loop < work.number) state = {work.number, 0, work.first_unit(share + 1) - first};
    if (state.left == 0) return kNone;
    --state.left;
    const int64_t unit = first + state.taken + (front ? 0 : state.left);
    if (front) ++state.taken;
    if (word.compare_exchange_weak(seen, state.word(), std::memory_order_relaxed)) return unit;
  }
}

void ThreadPool::worker_loop(int worker) {
  uint64_t seen = 0, epoch = 0;
  int most_spins = 0;  // until the first loop it is not known how many threads there will be
  const auto waits = [&] {
    epoch = epoch_.load(std::memory_order_acquire);
    return loops(epoch) == seen;
  };
  for (;;) {
    int spins = 0;
    while (waits() && spins < most_spins) {
      pause();
      ++spins;
    }
    if (loops(epoch) == seen) {
      std::unique_lock lock(mutex_);
      epoch_.fetch_add(1, std::memory_order_acq_rel);  // asleep from here on
      wake_.wait(lock, [&] { return !waits(); });
      epoch_.fetch_sub(1, std::memory_order_acq_rel);
    }
    seen = loops(epoch);
    if (stop_) return;
    most_spins = most_spins_;
    if (const std::optional<Work> work = work_of(epoch)) {
      set_float_control(work->control);
      do_work(*work, worker);
    }
  }
}

}  // namespace shrike
