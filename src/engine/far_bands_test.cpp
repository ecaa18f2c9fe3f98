// Pairs of convolutions in bands because the map between is large.
#include "engine/far_bands.h"

#include <gtest/gtest.h>

#include "engine/memory_limit.h"
#include "engine/testing/check.h"
#include "ir/infer.h"

namespace shrike {
namespace {

using testing::add_conv;
using testing::check_graph;

// `channels` to 48 by 1x1, depthwise 3x3 with stride 2, and 1x1 again.
struct Network {
  explicit Network(int64_t size = 150, int64_t channels = 8) {
    x = graph.add_input("x", DType::kF32, Shape{1, channels, size, size});
    wide = add_conv(graph, x, 48, 1, 1, random, 1, UnaryKind::kLeakyRelu);
    const ValueId half = add_conv(graph, wide, 48, 3, 2, random, 48, UnaryKind::kLeakyRelu);
    graph.outputs = {add_conv(graph, half, 8, 1, 1, random)};
  }
  size_t pairs(const PlanOptions& options = {}) {
    EXPECT_TRUE(infer_shapes(graph));
    return find_far_bands(graph, options, {}).pairs.size();
  }
  std::mt19937 random{9};
  Graph graph;
  ValueId x, wide;
};

// As a tuned plan chooses.
ConvChoice as_estimated(const kernels::ConvProblem& problem) { return choose_by_estimate(problem); }

TEST(FarBands, SameBitsAsLayersByThemselves) {
  Network network;
  ASSERT_EQ(network.pairs(), 1u);
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

TEST(FarBands, NotWhereTheyGainNothing) {
  EXPECT_EQ(Network(140).pairs(), 0u);      // 3.8 MB
  EXPECT_EQ(Network(150, 16).pairs(), 0u);  // 4.4 products a byte
  Network read_twice;
  read_twice.graph.outputs.push_back(read_twice.wide);
  EXPECT_EQ(read_twice.pairs(), 0u);
  PlanOptions tuned;
  tuned.choose_conv = as_estimated;
  EXPECT_EQ(Network().pairs(tuned), 0u);
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
  const std::string taken = "the layer before is computed with another one";
  EXPECT_EQ(reasons(Network()), std::vector<std::string>{taken});
  const std::string near = "the map before it is near";
  EXPECT_EQ(reasons(Network(140)), (std::vector<std::string>{near, near}));
  const std::string much = "it and the layer before multiply much for each byte between";
  EXPECT_EQ(reasons(Network(150, 16)), (std::vector<std::string>{much, near}));
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
