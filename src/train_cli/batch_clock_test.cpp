#include "train_cli/batch_clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace shrike {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// A machine with other work sleeps for longer than it was asked to: bounds are those of clocks
// around what is measured.
TEST(BatchClock, CountsAllButWhatIsLeftOut) {
  BatchClock clock;
  std::this_thread::sleep_for(milliseconds(30));
  const auto begin = Clock::now();
  clock.start();
  std::this_thread::sleep_for(milliseconds(10));
  for (int i = 0; i < 2; ++i) {
    const BatchClock::LeftOut left_out(clock);
    std::this_thread::sleep_for(milliseconds(30));
  }
  std::this_thread::sleep_for(milliseconds(10));
  const auto next = Clock::now();
  const double taken = clock.take();
  const double all = std::chrono::duration<double>(Clock::now() - begin).count();
  EXPECT_GE(taken, 0.020);
  EXPECT_LE(taken, all - 0.060);

  std::this_thread::sleep_for(milliseconds(10));
  const double second = clock.take();
  EXPECT_GE(second, 0.010) << "from the end of the batch before";
  const auto end = Clock::now();
  std::this_thread::sleep_for(milliseconds(10));
  EXPECT_GE(clock.take(), 0.010);
  EXPECT_LE(second, std::chrono::duration<double>(end - next).count())
      << "with nothing of the batch before";
}

}  // namespace
}  // namespace shrike
