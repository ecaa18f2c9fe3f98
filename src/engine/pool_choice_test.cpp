// Convolutions together with the pooling behind them.
#include "engine/pool_choice.h"

#include <gtest/gtest.h>

#include "engine/memory_limit.h"
#include "engine/testing/check.h"
#include "ir/infer.h"
#include "kernels/conv/conv_pool.h"

namespace shrike {
namespace {

using testing::add_conv;
using testing::check_graph;

MaxPool halving() {
  MaxPool pool;
  pool.kernel_shape = pool.strides = {2, 2};
  return pool;
}

// Two convolutions of 64 channels, each with a pooling, and one more.
struct Network {
  explicit Network(UnaryKind activation = UnaryKind::kRelu, int64_t size = 48) {
    const ValueId x = graph.add_input("x", DType::kF32, Shape{2, 16, size, size});
    first = add_conv(graph, x, 32, 3, 1, random, 1, activation);
    half = graph.add_node(halving(), {first}, "half");
    second = add_conv(graph, half, 32, 3, 1, random, 1, activation);
    graph.outputs = {
        add_conv(graph, graph.add_node(halving(), {second}, "quarter"), 8, 1, 1, random)};
  }
  size_t pooled() {
    EXPECT_TRUE(infer_shapes(graph));
    return find_pooled(graph, {}, {}).size();
  }
  size_t poolable() {
    EXPECT_TRUE(infer_shapes(graph));
    return find_poolable(graph, {}).size();
  }
  std::mt19937 random{3};
  Graph graph;
  ValueId first, half, second;
};

bool has_form() {
  kernels::ConvProblem p;
  p.in_height = p.in_width = p.out_height = p.out_width = 48;
  p.in_channels = 16, p.out_channels = 32;
  p.kernel_h = p.kernel_w = 3, p.pad_top = p.pad_left = 1;
  return kernels::conv_pool_form(*kernels::select_kernel(kernels::conv_kernels(), p).kernel, p);
}

TEST(PoolChoice, OneStepForBoth) {
  if (!has_form()) GTEST_SKIP() << "no kernel of this machine pools";
  Network network;
  EXPECT_EQ(network.pooled(), 2u);
  for (int threads : {1, 3}) EXPECT_TRUE(check_graph(network.graph, {.threads = threads}));
  const Result<Session> session = Session::create(network.graph, {});
  ASSERT_TRUE(session);
  EXPECT_EQ(testing::count_steps(*session, "Conv + MaxPool"), 2u);
  EXPECT_EQ(testing::count_steps(*session, "MaxPool"), 0u);
}

TEST(PoolChoice, NotWhereOthersReadTheConvolution) {
  Network network;
  network.graph.outputs.push_back(network.first);
  network.graph.outputs.push_back(
      network.graph.add_node(Unary{UnaryKind::kExp}, {network.second}, "exp"));
  EXPECT_EQ(network.pooled(), 0u);
  EXPECT_TRUE(check_graph(network.graph, {.threads = 2}));
}

TEST(PoolChoice, NotWhereWindowsOrFunctionsAreOthers) {
  EXPECT_EQ(Network(UnaryKind::kSilu).pooled(), 0u);
  EXPECT_EQ(Network(UnaryKind::kRelu, 46).pooled(), 0u);  // halves of tiles, then an odd size
  Network network;
  for (Node& node : network.graph.nodes)
    if (auto* pool = std::get_if<MaxPool>(&node.op))
      pool->kernel_shape = {3, 3}, pool->pads = {1, 1, 1, 1};
  EXPECT_EQ(network.pooled(), 0u);
  EXPECT_TRUE(check_graph(network.graph, {.threads = 2}));
}

// What tuning counts with kernels that leave the pooling to another step.
TEST(PoolChoice, WhereSomeKernelCould) {
  if (!has_form()) GTEST_SKIP() << "no kernel of this machine pools";
  EXPECT_EQ(Network().poolable(), 2u);
  EXPECT_EQ(Network(UnaryKind::kSilu).poolable(), 0u);
  Network network;
  ASSERT_TRUE(infer_shapes(network.graph));
  // Of the direct kernels none has a form, and the pairs are those that tuning looks at all the
  // same.
  PlanOptions direct;
  direct.choose_conv = [](const kernels::ConvProblem& problem) {
    ConvChoice choice = choose_by_estimate(problem);
    choice.kernel = &kernels::conv_kernels().back();
    return choice;
  };
  EXPECT_EQ(find_pooled(network.graph, direct, {}).size(), 0u);
  EXPECT_EQ(find_poolable(network.graph, direct).size(), 2u);
}

// Bands of two convolutions go before.
TEST(PoolChoice, WithinALimitOfMemory) {
  Network network;
  ASSERT_TRUE(infer_shapes(network.graph));
  const Result<Session> session = Session::create(network.graph, {});
  ASSERT_TRUE(session);
  const size_t whole = session->plan().shared_bytes() + session->plan().session_bytes();
  int planned = 0;
  for (size_t i = 6; i <= 24; i += 2) {
    const MemoryLimit limit{whole * i / 20, 0};
    if (!Session::create(network.graph, {.threads = 2, .memory = limit})) continue;
    ++planned;
    EXPECT_TRUE(check_graph(network.graph, {.threads = 2, .memory = limit}));
  }
  EXPECT_GT(planned, 3);
}

}  // namespace
}  // namespace shrike
