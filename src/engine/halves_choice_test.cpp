// 1x1, depthwise and 1x1 convolutions of which two threads compute half of the channels each.
#include "engine/halves_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
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
bool has(kernels::CpuNeed need) { return !kernels::cpu_lacks(need, cpu_features()); }
bool has_split_halves() { return has(kernels::CpuNeed::kAmxBf16); }
bool has_halves() { return has_split_halves() || has(kernels::CpuNeed::kAvx512HalvedAdders); }

Tensor run(const Graph& graph, const Tensor& input, int threads, kernels::Precision precision) {
  Result<Session> session = Session::create(graph, {.threads = threads, .precision = precision});
  EXPECT_TRUE(session);
  size_t by_halves = 0;
  for (const Plan::Entry& entry : session->plan().steps())
    by_halves += entry.info.kernel.ends_with("by halves");
  // Of products in pairs there are none in bfloat16.
  const bool expected =
      threads == 2 && (precision == kernels::Precision::kFp32 || has_split_halves());
  EXPECT_EQ(by_halves, expected ? 1u : 0u);
  for (int run = 0; run < 2; ++run) EXPECT_TRUE(session->run(std::span(&input, 1)));
  return (*session->run(std::span(&input, 1)))[0];
}

// Of the first `outputs` of a convolution.
void scale_weights(Graph& graph, Node& conv, int64_t outputs, float factor) {
  const Tensor& given = *graph.constant(conv.inputs[1]);
  Tensor scaled(given.dtype(), given.shape());
  const std::span<const float> from = given.data<float>();
  const auto end = static_cast<size_t>(outputs * given.size() / given.shape()[0]);
  const std::span<float> to = scaled.mutable_data<float>();
  for (size_t i = 0; i < from.size(); ++i) to[i] = i < end ? factor * from[i] : from[i];
  conv.inputs[1] = graph.add_constant("scaled", std::move(scaled));
}

TEST(Halves, SameBitsAsLayersByThemselves) {
  if (!has_halves()) GTEST_SKIP() << "no kernel of this processor adds halves";
  for (const Given& given :
       {Given{}, Given{.residual = true}, Given{.kernel = 5, .residual = true},
        Given{.wide = 512, .size = 13, .channels = 65}, Given{.images = 2, .residual = true},
        Given{.size = 5}, Given{.wide = 1024, .channels = 320, .residual = true}}) {
    if (given.size == 5 && !has_split_halves()) continue;  // too few pixels for pairs
    SCOPED_TRACE(std::to_string(given.wide) + " wide, " + std::to_string(given.size) + " high, " +
                 std::to_string(given.kernel) + " x " + std::to_string(given.kernel) + ", " +
                 std::to_string(given.channels) + " channels, " + std::to_string(given.images) +
                 (given.residual ? " images, residual" : " images"));
    Block block(given);
    ASSERT_EQ(block.found().chains, (Chains{{0, 1, 2}}));
    // So that either half by itself would be scaled otherwise.
    scale_weights(block.graph, block.graph.nodes[0], given.wide / 2, 8);
    const Tensor input = testing::random_tensor(*block.graph.value(block.x).shape, block.random);
    for (const bool with_biases : {true, false}) {
      if (!with_biases)
        for (Node& node : block.graph.nodes) node.inputs[2] = kNoValue;
      for (const auto precision : {kernels::Precision::kFp32, kernels::Precision::kBfloat16}) {
        const Tensor expected = run(block.graph, input, 1, precision);
        for (const int threads : {2, 3})
          EXPECT_TRUE(run(block.graph, input, threads, precision) == expected);
      }
      EXPECT_TRUE(check_graph(block.graph, {.threads = 2}));
      EXPECT_TRUE(check_graph(block.graph, {.threads = 2, .nhwc_ports = true}));
    }
  }
}

// A last layer that is the next depthwise one's first: in one of both alone.
TEST(Halves, LayersBehindEachOther) {
  if (!has_halves()) GTEST_SKIP() << "no kernel of this processor adds halves";
  Block block({});
  block.graph.outputs.clear();
  ValueId y = add_conv(block.graph, block.deep, 448, 1, 1, block.random);
  y = add_conv(block.graph, y, 448, 3, 1, block.random, 448);
  block.graph.outputs = {add_conv(block.graph, y, 448, 1, 1, block.random)};
  remove_dead(block.graph);
  const Joined found = block.found();
  EXPECT_EQ(found.chains, (Chains{{0, 1, 2}}));
  EXPECT_STREQ(found.declined.at(4), "a layer before is computed with another one");
  EXPECT_TRUE(check_graph(block.graph, {.threads = 2}));
}

// Panels of what a last layer makes.
TEST(Halves, BeforePanels) {
  if (!has_halves()) GTEST_SKIP() << "no kernel of this processor adds halves";
  Block block({.wide = 1024, .size = 18, .channels = 640});
  ValueId y = add_conv(block.graph, block.graph.outputs[0], 640, 3, 1, block.random, 640);
  block.graph.outputs = {add_conv(block.graph, y, 32, 1, 1, block.random, 1, UnaryKind::kRelu)};
  EXPECT_EQ(block.found().chains, (Chains{{0, 1, 2}}));
  EXPECT_TRUE(check_graph(block.graph, {.threads = 2}));
}

// A first layer that makes sums of halves itself, whose weights are of one size in each, is none of
// some outputs.
TEST(Halves, NotBehindSumsOfHalves) {
  if (!has_halves()) GTEST_SKIP() << "no kernel of this processor adds halves";
  std::mt19937 random{4};
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 448, 10, 11});
  ValueId y = add_conv(graph, x, 448, 1, 1, random);
  y = add_conv(graph, y, 448, 3, 1, random, 448);
  graph.outputs = {add_conv(graph, y, 96, 1, 1, random)};
  ASSERT_TRUE(infer_shapes(graph));
  EXPECT_STREQ(find_halves(graph, {.threads = 2}, {}).declined.at(2),
               "the first layer makes sums of halves itself");
  for (const int threads : {1, 2, 3}) EXPECT_TRUE(check_graph(graph, {.threads = threads}));
}

// A map and a function behind it: what is computed with them makes no sums of halves.
TEST(Halves, NotBeforeAFunction) {
  if (!has_halves()) GTEST_SKIP() << "no kernel of this processor adds halves";
  Block block({.residual = true});
  Unary relu;
  relu.kind = UnaryKind::kRelu;
  block.graph.outputs = {block.graph.add_node(relu, {block.graph.outputs[0]}, "relu")};
  ASSERT_TRUE(infer_shapes(block.graph));
  const Tensor input = testing::random_tensor(*block.graph.value(block.x).shape, block.random);
  std::vector<Tensor> outputs;
  for (const int threads : {1, 2, 3}) {
    EXPECT_TRUE(check_graph(block.graph, {.threads = threads}));
    Result<Session> session = Session::create(block.graph, {.threads = threads});
    ASSERT_TRUE(session);
    EXPECT_TRUE(std::ranges::any_of(session->plan().steps(), [](const Plan::Entry& entry) {
      return entry.info.op == "Conv + Relu";
    }));
    outputs.push_back((*session->run(std::span(&input, 1)))[0]);
    EXPECT_TRUE(outputs.back() == outputs.front()) << threads;
  }
}

// Where nothing but the number of threads keeps a layer with halves from panels.
TEST(Halves, NotWithPanels) {
  std::mt19937 random{5};
  Graph graph;
  ValueId x = graph.add_input("x", DType::kF32, Shape{1, 1024, 18, 18});
  x = add_conv(graph, x, 640, 1, 1, random);
  x = add_conv(graph, x, 640, 3, 1, random, 640);
  graph.outputs = {add_conv(graph, x, 32, 1, 1, random, 1, UnaryKind::kRelu)};
  for (const int threads : {1, 2, 3}) EXPECT_TRUE(check_graph(graph, {.threads = threads}));
}

// Into some channels of wider pixels.
TEST(Halves, IntoAConcat) {
  if (!has_halves()) GTEST_SKIP() << "no kernel of this processor adds halves";
  Block block({.residual = true});
  const ValueId other = add_conv(block.graph, block.x, 8, 1, 1, block.random);
  Concat concat;
  concat.axis = 1;
  block.graph.outputs = {block.graph.add_node(concat, {other, block.graph.outputs[0]}, "both")};
  EXPECT_EQ(block.found().chains, (Chains{{0, 1, 2}}));
  EXPECT_TRUE(check_graph(block.graph, {.threads = 2}));
}

TEST(Halves, OfTwoThreadsAlone) {
  if (!has_halves()) GTEST_SKIP() << "no kernel of this processor adds halves";
  for (const int threads : {1, 2, 3, 4})
    EXPECT_EQ(Block({}).found({.threads = threads}).chains.size(), threads == 2 ? 1u : 0u);
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
  EXPECT_EQ(reason(Block({.size = 20})), "its weights are few beside its outputs");
  EXPECT_EQ(reason(Block({.wide = 96})), "it has few channels");
  EXPECT_EQ(reason(Block({.wide = 480})), "half of its channels are no multiple of 32");
  EXPECT_EQ(reason(Block({.last = UnaryKind::kRelu})), "it has an activation");
  EXPECT_EQ(reason(Block({.size = 18, .stride = 2})), "the depthwise layer changes the map's size");
  Block read_twice({});
  read_twice.graph.outputs.push_back(read_twice.deep);
  EXPECT_EQ(reason(read_twice), "others read a map before it, too");
}

}  // namespace
}  // namespace shrike
