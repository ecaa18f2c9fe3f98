// Convolutions together with the function behind them.
#include "engine/activation_choice.h"

#include <gtest/gtest.h>

#include "engine/memory_limit.h"
#include "engine/testing/check.h"
#include "ir/infer.h"

namespace shrike {
namespace {

using testing::add_conv;
using testing::check_graph;
using testing::count_steps;
using testing::random_tensor;

// Two blocks of ResNet, the second a depthwise one, and an upsampling.
struct Network {
  explicit Network(UnaryKind kind = UnaryKind::kRelu, float alpha = 0.1f) {
    const ValueId x = graph.add_input("x", DType::kF32, Shape{2, 16, 20, 24});
    const ValueId inner = add_conv(graph, x, 16, 3, 1, random, 1, UnaryKind::kRelu);
    sum = add_conv(graph, inner, 16, 3, 1, random, 1, UnaryKind::kIdentity, x);
    const ValueId first = graph.add_node(Unary{kind, alpha}, {sum}, "first");
    const ValueId deep = add_conv(graph, first, 16, 3, 1, random, 16, UnaryKind::kIdentity, first);
    const ValueId second = graph.add_node(Unary{kind, alpha}, {deep}, "second");
    ConvTranspose up;
    up.strides = {2, 2};
    up.pads = {1, 1, 1, 1};
    const ValueId weights = graph.add_constant("w", random_tensor({16, 8, 4, 4}, random));
    larger = graph.add_node(up, {second, weights}, "larger");
    graph.outputs = {graph.add_node(Unary{kind, alpha}, {larger}, "out")};
  }
  size_t activated() {
    EXPECT_TRUE(infer_shapes(graph));
    return find_activated(graph, {}, {}).size();
  }
  std::mt19937 random{3};
  Graph graph;
  ValueId sum, larger;
};

TEST(ActivationChoice, OneStepForBoth) {
  for (UnaryKind kind : {UnaryKind::kRelu, UnaryKind::kLeakyRelu, UnaryKind::kSilu}) {
    Network network(kind);
    EXPECT_EQ(network.activated(), 3u);
    for (int threads : {1, 3}) EXPECT_TRUE(check_graph(network.graph, {.threads = threads}));
  }
  for (float alpha : {-0.5f, 0.0f, 1.0f, 1.5f}) {
    Network network(UnaryKind::kLeakyRelu, alpha);
    EXPECT_EQ(network.activated(), 3u);
    EXPECT_TRUE(check_graph(network.graph, {}));
  }
  Network network;
  ASSERT_TRUE(infer_shapes(network.graph));
  const Result<Session> session = Session::create(network.graph, {});
  ASSERT_TRUE(session);
  EXPECT_EQ(count_steps(*session, "Conv + Relu"), 2u);
  EXPECT_EQ(count_steps(*session, "ConvTranspose + Relu"), 1u);
  EXPECT_EQ(count_steps(*session, "Relu"), 0u);
}

TEST(ActivationChoice, NotWhereOthersReadTheSum) {
  Network network;
  network.graph.outputs.push_back(network.sum);
  network.graph.outputs.push_back(
      network.graph.add_node(Unary{UnaryKind::kExp}, {network.larger}, "exp"));
  EXPECT_EQ(network.activated(), 1u);
  EXPECT_TRUE(check_graph(network.graph, {.threads = 2}));
}

// Behind a convolution without a residual a pass has written the function into the node, and
// behind one that has a function already it must not be lost.
TEST(ActivationChoice, NotOtherConvolutions) {
  Network network;
  const ValueId acts = add_conv(network.graph, network.sum, 16, 1, 1, network.random, 1,
                                UnaryKind::kRelu, network.sum);
  const ValueId plain = add_conv(network.graph, network.sum, 16, 1, 1, network.random);
  for (const ValueId value : {acts, plain})
    network.graph.outputs.push_back(
        network.graph.add_node(Unary{UnaryKind::kTanh}, {value}, "tanh" + std::to_string(value)));
  EXPECT_EQ(network.activated(), 2u);
  EXPECT_TRUE(check_graph(network.graph, {.threads = 2}));
}

TEST(ActivationChoice, WithinALimitOfMemory) {
  Network network;
  ASSERT_TRUE(infer_shapes(network.graph));
  const Result<Session> session = Session::create(network.graph, {});
  ASSERT_TRUE(session);
  const size_t whole = session->plan().shared_bytes() + session->plan().session_bytes();
  int planned = 0;
  for (size_t i = 10; i <= 24; i += 2) {
    const MemoryLimit limit{whole * i / 20, 0};
    if (!Session::create(network.graph, {.threads = 2, .memory = limit})) continue;
    ++planned;
    EXPECT_TRUE(check_graph(network.graph, {.threads = 2, .memory = limit}));
  }
  EXPECT_GT(planned, 2);
}

}  // namespace
}  // namespace shrike
