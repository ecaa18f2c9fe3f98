#include "base/float_control.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/thread_pool.h"

namespace shrike {
namespace {

// Of numbers that the compiler does not know.
float product(float a, float b) {
  const volatile float x = a, y = b;
  return x * y;
}
constexpr float kDenormal = 1e-39f;

#if defined(__x86_64__) || defined(__aarch64__)

TEST(FloatControl, DenormalsAreZerosUntilTheEnd) {
  ASSERT_NE(product(1e-20f, 1e-19f), 0.0f);
  {
    const DenormalsAsZeros zeros;
    EXPECT_EQ(product(1e-20f, 1e-19f), 0.0f);  // as a result
    EXPECT_EQ(product(kDenormal, 1e30f), 0.0f);
    EXPECT_NE(product(1e-20f, 1e-17f), 0.0f);
    { const DenormalsAsZeros again; }
    EXPECT_EQ(product(1e-20f, 1e-19f), 0.0f);
  }
  EXPECT_NE(product(1e-20f, 1e-19f), 0.0f);
  EXPECT_NE(product(kDenormal, 1e30f), 0.0f);
}

// Loops with and without in turn.
TEST(FloatControl, GoesWithTheLoopsOfAPool) {
  ThreadPool pool(4);
  const auto zeros_in_loop = [&] {
    std::atomic<int> zeros{0};
    pool.parallel_for(64, [&](int64_t, int) {
      if (product(1e-20f, 1e-19f) == 0.0f) ++zeros;
    });
    return zeros.load();
  };
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(zeros_in_loop(), 0);
    const DenormalsAsZeros zeros;
    EXPECT_EQ(zeros_in_loop(), 64);
  }
}

#endif

}  // namespace
}  // namespace shrike
