// BatchClock: the time that a batch of training takes, from the end of the one before to its own,
// but for what is left out.
#pragma once

#include <chrono>

namespace shrike {

class BatchClock {
 public:
  // What went by so far is of no batch.
  void start() {
    since_ = Clock::now();
    counted_ = 0;
  }

  // Seconds since start() or the last take(), without those of LeftOut.
  double take() {
    count();
    const double seconds = counted_;
    counted_ = 0;
    return seconds;
  }

  // What goes by while one lives is left out. One at a time.
  class LeftOut {
   public:
    explicit LeftOut(BatchClock& clock) : clock_(clock) { clock_.count(); }
    ~LeftOut() { clock_.since_ = Clock::now(); }
    LeftOut(const LeftOut&) = delete;
    LeftOut& operator=(const LeftOut&) = delete;

   private:
    BatchClock& clock_;
  };

 private:
  using Clock = std::chrono::steady_clock;

  void count() {
    const auto now = Clock::now();
    counted_ += std::chrono::duration<double>(now - since_).count();
    since_ = now;
  }

  Clock::time_point since_ = Clock::now();
  double counted_ = 0;
};

}  // namespace shrike
