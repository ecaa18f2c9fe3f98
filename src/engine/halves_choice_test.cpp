// 1x1, depthwise and 1x1 convolutions of which two threads compute half of the channels each.
#include "engine/halves_choice.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/testing/check.h"
#include "ir/infer.h"
#include "kernels/select.h"

namespace shrike {
namespace {

using testing::add_conv;
using testing::check_graph;

struct Given {
  int64_t wide = 448, size = 10, kernel = 3, stride = 1, channels = 96, images = 1;
  bool residual = false;
  UnaryKind last = UnaryKind::kIdentity;
};

struct Block {
  explicit Block(const Given& given) {
    x = graph.add_input("x", DType::kF32,
                        Shape{given.images, given.channels, given.size, given.size + 1});
    expanded = add_conv(graph, x, given.wide, 1, 1, random, 1, UnaryKind::kSilu);
    deep = add_conv(graph, expanded, given.wide, given.kernel, given.stride, random, given.wide,
                    UnaryKind::kLeakyRelu);
    graph.outputs = {add_conv(graph, deep, given.channels, 1, 1, random, 1, given.last,
                              given.residual ? x : kNoValue)};
  }
  Joined found(const PlanOptions& options = {.threads = 2}) {
    EXPECT_TRUE(infer_shapes(graph));
    return find_halves(graph, options, {});
  }
  std::mt19937 random{4};
  Graph graph;
  ValueId x, expanded, deep;
};

// What is found is not asked: it is what is tested.
bool has_halves() { return kernels::can_run(kernels::CpuNeed::kAmxBf16); }

Tensor run(const Graph& graph, const Tensor& input, int threads) {
  Result<Session> session = Session::create(graph, {.threads = threads});
  EXPECT_TRUE(session);
  size_t by_halves = 0;
  for (const Plan::Entry& entry : session->plan().steps())
    by_halves += entry.info.kernel.ends_with("by halves");
  EXPECT_EQ(by_halves, threads == 2 ? 1u : 0u);
  for (int run = 0; run < 2; ++run) EXPECT_TRUE(session->run(std::span(&input, 1)));
  return (*session->run(std::span(&input, 1)))[0];
}

TEST(Halves, SameBitsAsLayersByThemselves) {
  if (!has_halves()) GTEST_SKIP() << "no kernel of this processor adds halves";
  for (const Given& given :
       {Given{}, Given{.residual = true}, Given{.kernel = 5, .residual = true}, Given{.stride = 2},
        Given{.wide = 512, .size = 13, .channels = 65}, Given{.images = 2, .residual = true},
        Given{.size = 5}, Given{.wide = 1024, .channels = 320, .residual = true}}) {
    SCOPED_TRACE(std::to_string(given.wide) + " " + std::to_string(given.size) + " " +
                 std::to_string(given.channels));
    Block block(given);
    const Joined found = block.found();
    ASSERT_EQ(found.chains, (Chains{{0, 1, 2}})) << found.declined.begin()->second;
    const Tensor input = testing::random_tensor(*block.graph.value(block.x).shape, block.random);
    const Tensor expected = run(block.graph, input, 1);
    for (const int threads : {2, 3}) EXPECT_TRUE(run(block.graph, input, threads) == expected);
    EXPECT_TRUE(check_graph(block.graph, {.threads = 2}));
    EXPECT_TRUE(check_graph(block.graph, {.threads = 2, .nhwc_ports = true}));
  }
}

TEST(Halves, OfTwoThreadsAlone) {
  for (const int threads : {1, 3, 4})
    EXPECT_TRUE(Block({}).found({.threads = threads}).chains.empty());
  EXPECT_TRUE(Block({}).found({.threads = 2, .memory = {size_t{1} << 30, 0}}).chains.empty());
}

TEST(Halves, NotWhereTheyGainNothing) {
  if (!has_halves()) GTEST_SKIP() << "no kernel of this processor adds halves";
  const auto reason = [](Block block) -> std::string {
    const Joined found = block.found();
    EXPECT_TRUE(found.chains.empty());
    const auto why = found.declined.find(2);
    return why == found.declined.end() ? "" : why->second;
  };
  const std::string few = "its weights are not much more than its outputs";
  EXPECT_EQ(reason(Block({.size = 20})), few);
  EXPECT_EQ(reason(Block({.wide = 96})), few);
  EXPECT_EQ(reason(Block({.last = UnaryKind::kRelu})), "it has an activation");
  Block read_twice({});
  read_twice.graph.outputs.push_back(read_twice.deep);
  EXPECT_EQ(reason(read_twice), "");
}

}  // namespace
}  // namespace shrike
