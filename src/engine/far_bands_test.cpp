// Convolutions in bands because the maps between are large.
#include "engine/far_bands.h"

#include <gtest/gtest.h>

#include <thread>

#include "engine/memory_limit.h"
#include "engine/testing/check.h"
#include "ir/infer.h"

namespace shrike {
namespace {

using testing::add_conv;
using testing::check_graph;

// `channels` to 48, by 1x1 if nothing else is said, depthwise 3x3 with stride 2, and 1x1.
struct Network {
  explicit Network(int64_t size = 150, int64_t channels = 8, int64_t kernel = 1) {
    x = graph.add_input("x", DType::kF32, Shape{1, channels, size, size});
    wide = add_conv(graph, x, 48, kernel, 1, random, 1, UnaryKind::kLeakyRelu);
    const ValueId half = add_conv(graph, wide, 48, 3, 2, random, 48, UnaryKind::kLeakyRelu);
    graph.outputs = {add_conv(graph, half, 8, 1, 1, random)};
  }
  size_t chains(const PlanOptions& options = {}) {
    EXPECT_TRUE(infer_shapes(graph));
    return find_far_bands(graph, options, {}).chains.size();
  }
  std::mt19937 random{9};
  Graph graph;
  ValueId x, wide;
};

// As a tuned plan chooses.
ConvChoice as_estimated(const kernels::ConvProblem& problem) { return choose_by_estimate(problem); }

TEST(FarBands, SameBitsAsLayersByThemselves) {
  Network network;
  ASSERT_EQ(network.chains(), 1u);
  for (const int threads : {1, 3}) EXPECT_TRUE(check_graph(network.graph, {.threads = threads}));
  const std::vector<Tensor> inputs{
      testing::random_tensor(*network.graph.value(network.x).shape, network.random)};
  std::vector<Tensor> outputs;
  for (const ChooseConv& choose : {ChooseConv(choose_by_estimate), ChooseConv(as_estimated)})
    for (const int threads : {1, 3}) {
      Result<Session> session =
          Session::create(network.graph, {.threads = threads, .choose_conv = choose});
      ASSERT_TRUE(session);
      EXPECT_EQ(session->plan().steps().size(), outputs.size() < 2 ? 3u : 4u);
      Result<std::vector<Tensor>> result = session->run(inputs);
      ASSERT_TRUE(result);
      outputs.push_back((*result)[0]);
    }
  for (const Tensor& output : outputs) EXPECT_TRUE(output == outputs[0]);
}

// As Yolo-Fastest begins: picture, first layer, blocks of which the second adds what the first ends
// with.
TEST(FarBands, ChainsOfSeveralLayers) {
  std::mt19937 random{5};
  Graph graph;
  const ValueId picture = graph.add_input("x", DType::kF32, Shape{2, 3, 318, 322});
  const auto conv = [&](ValueId x, int64_t outputs, int64_t kernel, int64_t stride, int64_t groups,
                        ValueId add = kNoValue) {
    return add_conv(graph, x, outputs, kernel, stride, random, groups, UnaryKind::kLeakyRelu, add);
  };
  const ValueId stem = conv(conv(picture, 16, 3, 2, 1), 16, 1, 1, 1);
  const ValueId first = conv(conv(stem, 16, 3, 1, 16), 8, 1, 1, 1);
  const ValueId wide = conv(conv(first, 16, 1, 1, 1), 16, 3, 1, 16);
  graph.outputs = {conv(conv(wide, 8, 1, 1, 1, first), 20, 1, 1, 1)};
  ASSERT_TRUE(infer_shapes(graph));
  const Chains chains = find_far_bands(graph, {}, {}).chains;
  EXPECT_EQ(chains, (Chains{{0, 1, 2, 3}, {4, 5, 6}}));
  const Tensor input = testing::random_tensor(*graph.value(picture).shape, random);
  std::vector<Tensor> outputs;
  for (const bool maps : {false, true})
    for (const int threads : {1, 2, 5}) {
      EXPECT_TRUE(check_graph(graph, {.threads = threads, .nhwc_ports = maps}));
      Result<Session> session = Session::create(graph, {.threads = threads});
      ASSERT_TRUE(session);
      Result<std::vector<Tensor>> result = session->run(std::span(&input, 1));
      ASSERT_TRUE(result);
      outputs.push_back((*result)[0]);
    }
  for (const Tensor& output : outputs) EXPECT_TRUE(output == outputs[0]);
}

// Written into a Concat, with a constant added.
TEST(FarBands, IntoAConcat) {
  Network network;
  const auto conv = [&](ValueId x, int64_t outputs, ValueId add = kNoValue) {
    return add_conv(network.graph, x, outputs, 1, 1, network.random, 1, UnaryKind::kSilu, add);
  };
  const ValueId constant =
      network.graph.add_constant("c", testing::random_tensor(Shape{1, 20, 75, 75}, network.random));
  const ValueId half = add_conv(network.graph, network.wide, 20, 3, 2, network.random, 1,
                                UnaryKind::kLeakyRelu, constant);
  network.graph.nodes.erase(network.graph.nodes.begin() + 1, network.graph.nodes.begin() + 3);
  const ValueId other = network.graph.add_input("other", DType::kF32, Shape{1, 4, 75, 75});
  const ValueId joined = network.graph.add_node(Concat{1}, {conv(other, 12), half}, "joined");
  network.graph.outputs = {conv(joined, 8)};
  ASSERT_EQ(network.chains(), 1u);
  const auto session = check_graph(network.graph, {.threads = 2});
  ASSERT_TRUE(session);
  EXPECT_EQ(testing::kernel_of(*session, "Concat"), "in_place");
}

// Sessions of one plan, each with its thread, at once.
TEST(FarBands, SessionsSideBySide) {
  Network network;
  ASSERT_EQ(network.chains(), 1u);
  Result<Session> first = Session::create(network.graph, {.threads = 2});
  ASSERT_TRUE(first);
  Result<Session> second = Session::another(*first);
  ASSERT_TRUE(second);
  const std::vector<Tensor> inputs{
      testing::random_tensor(*network.graph.value(network.x).shape, network.random)};
  const Result<std::vector<Tensor>> expected = first->run(inputs);
  ASSERT_TRUE(expected);
  const auto runs = [&](Session& session) {
    for (int i = 0; i < 10; ++i) {
      const Result<std::vector<Tensor>> outputs = session.run(inputs);
      EXPECT_TRUE(outputs && (*outputs)[0] == (*expected)[0]);
    }
  };
  std::thread beside([&] { runs(*second); });
  runs(*first);
  beside.join();
}

TEST(FarBands, NotWhereTheyGainNothing) {
  EXPECT_EQ(Network(92).chains(), 1u);          // 1.6 MB, 2 products a byte
  EXPECT_EQ(Network(88).chains(), 0u);          // 1.5 MB
  EXPECT_EQ(Network(92, 4, 3).chains(), 0u);    // 9 products a byte
  EXPECT_EQ(Network(150, 4, 3).chains(), 1u);   // of 4.3 MB
  EXPECT_EQ(Network(150, 10, 3).chains(), 0u);  // 22 products a byte
  Network read_twice;
  read_twice.graph.outputs.push_back(read_twice.wide);
  EXPECT_EQ(read_twice.chains(), 0u);
  PlanOptions tuned;
  tuned.choose_conv = as_estimated;
  EXPECT_EQ(Network().chains(tuned), 0u);
}

// What --layers says.
TEST(FarBands, WhyNotIsSaid) {
  const auto reasons = [](Network network) {
    EXPECT_TRUE(infer_shapes(network.graph));
    std::vector<std::string> said;
    const Result<Session> session = Session::create(network.graph, {});
    if (!session) return said;
    for (const Plan::Entry& entry : session->plan().steps())
      for (const DeclinedWay& way : entry.info.declined)
        if (way.way == "far bands") said.push_back(way.reason);
    return said;
  };
  const std::string near = "the map before it is near";
  EXPECT_EQ(reasons(Network()), std::vector<std::string>{near});
  EXPECT_EQ(reasons(Network(40)), (std::vector<std::string>{near, near}));  // not by panels either
  const std::string much = "it or the layer before multiplies much for each byte between";
  EXPECT_EQ(reasons(Network(92, 4, 3)), (std::vector<std::string>{much, near}));
  Network read_twice;
  read_twice.graph.outputs.push_back(read_twice.wide);
  EXPECT_EQ(reasons(std::move(read_twice)),
            (std::vector<std::string>{"others read the map before it, too", near}));
}

TEST(FarBands, WithinALimitOfMemory) {
  Network network;
  ASSERT_TRUE(infer_shapes(network.graph));
  const Result<Session> session = Session::create(network.graph, {});
  ASSERT_TRUE(session);
  const size_t whole = session->plan().shared_bytes() + session->plan().session_bytes();
  int planned = 0;
  for (size_t i = 10; i <= 22; i += 3) {
    const MemoryLimit limit{whole * i / 20, 0};
    if (!Session::create(network.graph, {.threads = 2, .memory = limit})) continue;
    ++planned;
    EXPECT_TRUE(check_graph(network.graph, {.threads = 2, .memory = limit}));
  }
  EXPECT_GT(planned, 0);
}

}  // namespace
}  // namespace shrike
