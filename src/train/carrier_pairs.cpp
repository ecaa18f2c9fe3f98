#include <ATen/ATen.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "train/carrier.h"

namespace shrike::train {

namespace {

// What LibTorch adds up without other threads: those of the step are busy.
constexpr int64_t kPiece = 16'384;

void add_in_pieces(const at::Tensor& a, const at::Tensor& b) {
  for (int64_t begin = 0; begin < a.numel(); begin += kPiece)
    a.slice(0, begin, begin + kPiece).add_(b.slice(0, begin, begin + kPiece));
}

class PairCarrier : public Carrier {
 public:
  explicit PairCarrier(const Place& place)
      : links_(*place.store, place_of(place.links)), thread_([this] { run(); }) {}

  ~PairCarrier() override {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  Wait start_sum(const at::Tensor& x) override {
    std::packaged_task<void()> task([this, x] { add_up(x); });
    const std::shared_future<void> done = task.get_future().share();
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_all();
    return [done] { done.get(); };
  }

 private:
  PairLinks::Place place_of(PairLinks::Place place) {
    place.given_up = [this, others = place.given_up] { return ended_ || others(); };
    place.name = "beside";
    place.looks = false;  // the step has the cores
    return place;
  }

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return ended_ || !tasks_.empty(); });
      if (ended_) return;
      std::packaged_task<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  // After an error there is half a message on the way: all that follow have the same.
  void add_up(const at::Tensor& x) {
    if (error_) std::rethrow_exception(error_);
    try {
      const c10::NoGradGuard no_gradients;
      links_.reduce(x, add_in_pieces);
    } catch (const std::exception&) {
      error_ = std::current_exception();
      throw;
    }
  }

  std::atomic<bool> ended_ = false;
  PairLinks links_;
  std::exception_ptr error_;  // of the thread
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::packaged_task<void()>> tasks_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Carrier> pair_carrier(const Carrier::Place& place) {
  return std::make_unique<PairCarrier>(place);
}

void add_to(const at::Tensor& a, const at::Tensor& b) { a.add_(b); }

}  // namespace shrike::train
