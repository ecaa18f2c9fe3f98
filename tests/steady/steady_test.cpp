// Once a network has run, a run allocates nothing and takes no lock, on any number of threads.
//
// malloc() and pthread_mutex_lock() of this program stand before those of the C library, and count.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

#include "base/cpu.h"
#include "base/thread_pool.h"
#include "engine/testing/check.h"
#include "ir/infer.h"
#include "kernels/select.h"

namespace {

std::atomic<long> allocations{0}, locks{0};

}  // namespace

extern "C" {

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* block, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}

void* realloc(void* block, size_t size) {
  ++allocations;
  return __libc_realloc(block, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}

int pthread_mutex_lock(pthread_mutex_t* mutex) {
  using Lock = int (*)(pthread_mutex_t*);
  static std::atomic<Lock> next{nullptr};
  Lock lock = next.load(std::memory_order_relaxed);
  if (!lock) next = lock = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  ++locks;
  return lock(mutex);
}

}  // extern "C"

namespace shrike {
namespace {

using testing::add_conv;

struct Counted {
  long allocations, locks;
};

Counted counted(auto&& work) {
  const long allocated = allocations, locked = locks;
  work();
  return {allocations - allocated, locks - locked};
}

TEST(Steady, TheCountersCount) {
  std::mutex mutex;
  const Counted seen = counted([&] {
    const std::lock_guard lock(mutex);
    void* volatile block = std::malloc(16);
    std::free(block);
  });
  EXPECT_EQ(seen.allocations, 1);
  EXPECT_EQ(seen.locks, 1);
}

// Another program may take a worker's core, and then the worker sleeps, and is woken under a lock:
// some rounds are quiet as soon as it has its core again, which may be long in coming. Of a pool of
// more threads than cores nobody spins. A worker that starts late allocates what a thread needs.
bool may_spin(int threads) { return threads <= usable_cores(); }

// How many rounds there were.
int expect_quiet_rounds(int threads, auto&& round) {
  constexpr int kFewest = 100, kEnough = 10;
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + std::chrono::seconds(60);
  int quiet = 0, allocating = 0, rounds = 0;
  while (rounds < kFewest || (may_spin(threads) && quiet < kEnough && Clock::now() < end)) {
    const Counted seen = counted(round);
    allocating += seen.allocations > 0;
    quiet += seen.locks == 0 && seen.allocations == 0;
    ++rounds;
  }
  EXPECT_LE(allocating, 2 * (threads - 1)) << threads << " threads";
  if (may_spin(threads)) {
    EXPECT_GT(quiet, 0) << threads << " threads, of " << rounds << " rounds";
  }
  return rounds;
}

TEST(Steady, LoopsTakeNoLockWhileWorkersSpin) {
  for (const int threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    std::atomic<int64_t> sum = 0;
    const auto loops = [&] {
      for (int i = 0; i < 50; ++i) pool.parallel_for(4, [&](int64_t, int) { ++sum; });
    };
    loops();
    const int rounds = 1 + expect_quiet_rounds(threads, loops);
    EXPECT_EQ(sum, int64_t{rounds} * 50 * 4);
  }
}

TEST(Steady, SleepersAreWoken) {
  using Clock = std::chrono::steady_clock;
  ThreadPool pool(2);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    // Who is in the loop waits for the other: only a worker that was woken can come.
    std::atomic<int> here = 0;
    std::atomic<bool> met = false;
    pool.parallel_for(2, [&](int64_t, int) {
      const auto end = Clock::now() + std::chrono::seconds(10);
      ++here;
      while (!met && Clock::now() < end) {
        if (here == 2) met = true;
        std::this_thread::yield();
      }
      --here;
    });
    ASSERT_TRUE(met) << "round " << round;
  }
}

Graph network() {
  std::mt19937 random(1);
  Graph graph;
  ValueId x = graph.add_input("x", DType::kF32, Shape{1, 3, 64, 64});
  x = add_conv(graph, x, 16, 3, 2, random, 1, UnaryKind::kSilu);
  x = add_conv(graph, x, 32, 3, 1, random, 1, UnaryKind::kSilu);
  x = add_conv(graph, x, 32, 3, 1, random, 32, UnaryKind::kSilu);
  x = add_conv(graph, x, 24, 1, 1, random);
  // By phases, each of which has a kernel of its own.
  ConvTranspose up;
  up.strides = {2, 2};
  x = graph.add_node(
      up, {x, graph.add_constant("w", testing::random_tensor({24, 8, 3, 3}, random))}, "up");
  graph.outputs = {x};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

// Layers in bands, as the maps between are large, a 1x1 and a depthwise one, which are computed by
// panels, and some of few pixels whose weights are far from the processor: of these threads take
// parts of one block.
Graph far_network() {
  std::mt19937 random(1);
  Graph graph;
  ValueId x = graph.add_input("x", DType::kF32, Shape{1, 3, 320, 320});
  x = add_conv(graph, x, 16, 3, 2, random, 1, UnaryKind::kSilu);
  x = add_conv(graph, x, 16, 1, 1, random, 1, UnaryKind::kSilu);
  for (const int64_t channels : {16, 32}) x = add_conv(graph, x, channels, 3, 2, random);
  x = add_conv(graph, x, 256, 1, 1, random, 1, UnaryKind::kSilu);
  x = add_conv(graph, x, 256, 3, 1, random, 256, UnaryKind::kSilu);
  x = add_conv(graph, x, 64, 3, 2, random);
  for (const int64_t channels : {128, 256}) x = add_conv(graph, x, channels, 3, 1, random);
  graph.outputs = {x};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

void expect_steady(const Graph& graph) {
  for (const int threads : {1, 2, 3}) {
    Result<Session> session = Session::create(graph, {.threads = threads, .nhwc_ports = true});
    ASSERT_TRUE(session) << session.error().message;
    const auto run = [&] { EXPECT_TRUE(session->run_maps()); };
    run();
    expect_quiet_rounds(threads, run);
  }
}

TEST(Steady, RunsAllocateNothing) { expect_steady(network()); }

TEST(Steady, NorDoThoseOfLargeNetworks) {
  const Result<Session> session = Session::create(far_network(), {.threads = 1});
  ASSERT_TRUE(session);
  const auto has = [&](const char* way) {
    return std::ranges::any_of(session->plan().steps(), [&](const Plan::Entry& entry) {
      return entry.info.kernel.find(way) != std::string::npos;
    });
  };
  EXPECT_TRUE(has("by bands"));
  EXPECT_EQ(has("by panels"), kernels::can_run(kernels::CpuNeed::kAvx2Fma));
  expect_steady(far_network());
}

}  // namespace
}  // namespace shrike
