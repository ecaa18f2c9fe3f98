#include "augment/loader.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include "augment/batch_maker.h"
#include "augment/loader_options.h"
#include "base/signals.h"

namespace shrike {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

Error no_memory() { return runtime_error("cannot make training pictures: not enough memory"); }

}  // namespace

// Batches are numbered through all epochs; number n lies in slot n mod slots. `given_` is the next
// one that next() will give, the one before it is in the caller's hands, and those up to
// given_ + prefetch may be worked on, which is as many as there are slots.
class Loader::Pipeline {
 public:
  Pipeline(const Dataset& dataset, const LoaderOptions& options, const LoaderState& start);
  ~Pipeline();

  int64_t batches() const { return maker_.sampler().batches(); }
  bool finished() const { return given_ == end_; }
  Result<const Batch*> next();
  LoaderState state() const;
  LoaderCounts counts() const;
  PictureCache& cache() { return maker_.cache(); }

 private:
  using Lock = std::unique_lock<std::mutex>;

  struct Slot {
    Batch batch;
    std::vector<std::vector<Target>> targets;  // by picture
    size_t pictures = 0, done = 0;
    std::optional<Error> error;
  };

  // The picture that is to be made next.
  struct Task {
    int64_t number = 0;
    size_t picture = 0;
  };

  Slot& slot(int64_t number) { return slots_[static_cast<size_t>(number) % slots_.size()]; }
  // With the lock: the next task of the batches before `until`.
  std::optional<Task> take(int64_t until);
  // False where there was no memory for it: then it has no pictures, and an error.
  bool begin(int64_t number);
  // Gives the lock up meanwhile.
  void make(Task task, Lock& lock);
  void work();
  void gather_targets(Slot& slot);

  BatchMaker maker_;
  LoaderState state_;  // but for the place
  int64_t given_, end_, open_until_;

  mutable std::mutex mutex_;
  std::condition_variable to_do_, done_;
  bool stop_ = false;
  Task cursor_;
  std::vector<Slot> slots_;
  double waited_ = 0, worked_ = 0;
  std::vector<std::thread> threads_;
};

Loader::Pipeline::Pipeline(const Dataset& dataset, const LoaderOptions& options,
                           const LoaderState& start)
    : maker_(dataset, options, start.window),
      state_(start),
      given_(start.epoch * batches() + start.batch_index),
      end_(options.epochs * batches()),
      open_until_(given_),
      cursor_{given_, 0},
      slots_(static_cast<size_t>(options.prefetch) + 1) {
  const SignalsHeld held;  // they are for who called
  threads_.reserve(static_cast<size_t>(options.threads));
  try {
    for (int i = 0; i < options.threads; ++i) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    // The machine refuses more: those that are there do the work, at least the caller of next().
  }
}

Loader::Pipeline::~Pipeline() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  to_do_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool Loader::Pipeline::begin(int64_t number) {
  Slot& one = slot(number);
  one.pictures = one.done = 0;
  one.error.reset();
  try {
    maker_.begin(number / batches(), number % batches(), one.batch);
    one.targets.resize(one.batch.pictures());
  } catch (const std::bad_alloc&) {
    one.error = no_memory();
    return false;
  }
  one.pictures = one.batch.pictures();
  return true;
}

std::optional<Loader::Pipeline::Task> Loader::Pipeline::take(int64_t until) {
  while (cursor_.number < std::min(until, end_)) {
    if (cursor_.picture == 0 &&
        (!begin(cursor_.number) || slot(cursor_.number).pictures == 0)) {
      cursor_ = {cursor_.number + 1, 0};
      done_.notify_all();
      continue;
    }
    const Task task = cursor_;
    if (++cursor_.picture == slot(task.number).pictures) cursor_ = {task.number + 1, 0};
    return task;
  }
  return std::nullopt;
}

void Loader::Pipeline::make(Task task, Lock& lock) {
  Slot& one = slot(task.number);
  lock.unlock();
  const auto begin = Clock::now();
  Result<void> made;
  try {
    made = maker_.make(task.picture, one.batch, one.targets[task.picture]);
  } catch (const std::bad_alloc&) {
    made = no_memory();
  }
  const double seconds = seconds_since(begin);
  lock.lock();
  worked_ += seconds;
  if (!made && !one.error) one.error = made.error();
  if (++one.done == one.pictures) done_.notify_all();
}

void Loader::Pipeline::work() {
  Lock lock(mutex_);
  while (!stop_) {
    if (const auto task = take(open_until_))
      make(*task, lock);
    else
      to_do_.wait(lock);
  }
}

Result<const Batch*> Loader::Pipeline::next() {
  assert(!finished());
  const auto begin = Clock::now();
  Lock lock(mutex_);
  open_until_ = given_ + static_cast<int64_t>(slots_.size());
  to_do_.notify_all();
  // Until a task of this batch is taken its slot may still hold an older one.
  const auto is_made = [&] {
    return cursor_.number > given_ && slot(given_).done == slot(given_).pictures;
  };
  while (!is_made()) {
    if (const auto task = take(given_ + 1))
      make(*task, lock);
    else if (!is_made())
      done_.wait(lock);
  }
  Slot& one = slot(given_);
  if (one.error) return *one.error;
  gather_targets(one);
  ++given_;
  one.batch.waited = seconds_since(begin);
  waited_ += one.batch.waited;
  return &one.batch;
}

void Loader::Pipeline::gather_targets(Slot& one) {
  one.batch.targets.clear();
  for (const std::vector<Target>& targets : one.targets)
    one.batch.targets.insert(one.batch.targets.end(), targets.begin(), targets.end());
}

LoaderState Loader::Pipeline::state() const {
  LoaderState state = state_;
  state.epoch = given_ / batches();
  state.batch_index = given_ % batches();
  return state;
}

LoaderCounts Loader::Pipeline::counts() const {
  const CacheCounts cache = maker_.cache().counts();
  const std::lock_guard lock(mutex_);
  return {waited_, worked_, cache};
}

Loader::Loader(std::unique_ptr<Pipeline> pipeline) : pipeline_(std::move(pipeline)) {}
Loader::~Loader() = default;

Result<std::unique_ptr<Loader>> Loader::create(const Dataset& dataset, const LoaderOptions& options,
                                               const std::optional<LoaderState>& start) {
  SHRIKE_TRY(check(options));
  SHRIKE_TRY(check_data(dataset, options));
  const LoaderState begin = start ? *start : first_state(dataset, options);
  SHRIKE_TRY(check_start(begin, dataset, options));
  LoaderOptions started = options;
  started.seed = begin.seed;
  return std::unique_ptr<Loader>(new Loader(std::make_unique<Pipeline>(dataset, started, begin)));
}

int64_t Loader::batches() const { return pipeline_->batches(); }
bool Loader::finished() const { return pipeline_->finished(); }
Result<const Batch*> Loader::next() { return pipeline_->next(); }
LoaderState Loader::state() const { return pipeline_->state(); }
LoaderCounts Loader::counts() const { return pipeline_->counts(); }
std::vector<Finding> Loader::take_findings() { return pipeline_->cache().take_findings(); }

}  // namespace shrike
