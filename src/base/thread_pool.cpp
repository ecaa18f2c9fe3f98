#include "base/thread_pool.h"

#include <algorithm>
#include <exception>

#include "base/cpu.h"
#include "base/float_control.h"
#include "base/signals.h"
#include "base/team.h"
#include "base/work_recorder.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace shrike {

namespace {

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

}  // namespace

void ThreadPool::pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

int ThreadPool::cores() {
  static const int count = usable_cores();
  return count;
}

// Shares for threads that can get on at a time. Of a pool of more, a loop wakes so many, and none
// waits by spinning: they would only take each other's time. Who sleeps on is not needed, as any
// worker does any share.
ThreadPool::ThreadPool(int threads) : shares_(std::clamp(threads, 1, cores())) {
  const int count = std::max(1, threads);
  workers_.reserve(static_cast<size_t>(count));
  const SignalsHeld held;  // in the workers: the caller answers them
  try {
    for (int worker = 1; worker < count; ++worker)
      workers_.emplace_back([this, worker] { worker_loop(worker); });
  } catch (const std::exception&) {
    // A limit on processes or memory: those that started do the work.
  }
  // Before the first loop, and so before any of them looks.
  threads_ = static_cast<int>(workers_.size()) + 1;
  shares_.keep(std::min(threads_, cores()));
  most_spins_ = all_at_once() ? kSpins : 0;
}

ThreadPool::ThreadPool(Team& team, int place)
    : team_(&team), place_(place), threads_(team.pool_.threads()), shares_(1) {}

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
  if (team_) return team_->run_loop(place_, count, function, context);
  if (workers_.empty() || count == 1) {
    const Part part(*this, 0);
    function(context, 0, count, 0);
    part.note();
    return;
  }
  const Work work = begin(count, function, context);
  expected_of_others_ += static_cast<uint64_t>(work.loop.units - do_work(work, 0));
  const auto is_over = [&] {
    return done_by_others_.load(std::memory_order_acquire) == expected_of_others_;
  };
  wait_until(is_over, most_spins_);
}

void ThreadPool::call_workers(RangeFunction function, const void* context) {
  if (!workers_.empty()) begin(0, function, context);
}

ThreadPool::Work ThreadPool::begin(int64_t count, RangeFunction function, const void* context) {
  const uint64_t number = loops(epoch_.load(std::memory_order_relaxed)) + 1;
  // Released, as who reads one of these must then see that the loop before last is over.
  Loop& loop = loops_[number % 2];
  loop.count.store(count, std::memory_order_release);
  loop.function.store(function, std::memory_order_release);
  loop.context.store(context, std::memory_order_release);
  const uint32_t control = float_control();
  controls_[number % 2].store(control, std::memory_order_release);
  if (has_sleepers(epoch_.fetch_add(kLoop, std::memory_order_acq_rel))) wake_sleepers();
  return {shares_.loop(number, count), function, context, control};
}

void ThreadPool::wake_sleepers() {
  // Once the lock is free, who counted itself as asleep waits.
  { const std::lock_guard lock(mutex_); }
  if (all_at_once()) {
    wake_.notify_all();
  } else {
    for (int i = 0; i < shares_.count(); ++i) wake_.notify_one();
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
  return Work{shares_.loop(number, count), function, context, control};
}

int64_t ThreadPool::do_work(const Work& work, int worker) {
  const Part part(*this, worker);
  int64_t done = 0;
  shares_.take_all(
      work.loop, worker,
      [&](int64_t begin, int64_t end) { work.function(work.context, begin, end, worker); },
      [&](int64_t units) {
        part.note();
        done += units;
        if (worker != 0)
          done_by_others_.fetch_add(static_cast<uint64_t>(units), std::memory_order_acq_rel);
      });
  return done;
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
      if (work->loop.count == 0) {
        work->function(work->context, 0, 0, worker);
      } else {
        do_work(*work, worker);
      }
    }
  }
}

}  // namespace shrike
