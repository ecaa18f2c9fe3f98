#include "prune/zero_blocks.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ir/infer.h"
#include "zoo/scratch.h"

namespace shrike {
namespace {

Graph network() {
  Result<Graph> graph = zoo::scratch_model("yolov8n", {.classes = 3, .size = {{64, 64}}});
  EXPECT_TRUE(graph);
  return *std::move(graph);
}

// One convolution of 8 input channels and two filters.
Graph two_filters(const std::vector<float>& weights, int64_t kernel) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 8, 4, 4});
  const ValueId w =
      graph.add_constant("w", Tensor::from<float>(Shape{2, 8, kernel, kernel}, weights));
  graph.outputs = {graph.add_node(Conv{}, {x, w}, "y")};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

std::vector<float> weights_of(const Graph& graph) {
  const std::span<const float> data = graph.constant(*graph.find_value("w"))->data<float>();
  return {data.begin(), data.end()};
}

TEST(ZeroBlocks, TheSmallestFourNeighboursGoTogether) {
  std::vector<float> weights(16, 1);
  weights[0] = 3;  // filter 0, channels 0..3: 6 in all
  for (int i = 4; i < 8; ++i) weights[static_cast<size_t>(i)] = -0.9f;  // ... channels 4..7: 3.6
  for (int i = 8; i < 12; ++i) weights[static_cast<size_t>(i)] = 0.1f;  // filter 1: 0.4 and 4
  const Graph graph = two_filters(weights, 1);
  PruneOptions options;
  options.budget = PruneBudget::kRatio;
  options.value = 0.5;
  const Result<PruneOutcome> outcome = zero_blocks(graph, options);
  ASSERT_TRUE(outcome) << outcome.error().message;
  for (int i = 4; i < 12; ++i) weights[static_cast<size_t>(i)] = 0;
  EXPECT_EQ(weights_of(outcome->graph), weights);
  EXPECT_NE(weights_of(graph), weights) << "the graph before is as it was";
  EXPECT_EQ(outcome->channels, 4);
  EXPECT_EQ(outcome->removed, 2);
  EXPECT_EQ(outcome->after.parameters, outcome->before.parameters - 8);
  EXPECT_EQ(outcome->after.macs, outcome->before.macs / 2);

  // What is zero already is counted, and comes first.
  options.value = 0.75;
  const Result<PruneOutcome> more = zero_blocks(outcome->graph, options);
  ASSERT_TRUE(more) << more.error().message;
  EXPECT_EQ(more->removed, 3);
  for (int i = 12; i < 16; ++i) weights[static_cast<size_t>(i)] = 0;
  EXPECT_EQ(weights_of(more->graph), weights);
}

TEST(ZeroBlocks, APlaceOfAKernelIsABlockOfItsOwn) {
  std::vector<float> weights(2 * 8 * 9, 1);
  for (size_t c = 0; c < 4; ++c) weights[c * 9 + 5] = 0.5f;  // filter 0, channels 0..3, one place
  PruneOptions options;
  options.budget = PruneBudget::kParameters;
  options.value = 140.5 / 144;
  const Result<PruneOutcome> outcome = zero_blocks(two_filters(weights, 3), options);
  ASSERT_TRUE(outcome) << outcome.error().message;
  for (size_t c = 0; c < 4; ++c) weights[c * 9 + 5] = 0;
  EXPECT_EQ(weights_of(outcome->graph), weights);
}

TEST(ZeroBlocks, HalfOfANetwork) {
  const Graph graph = network();
  for (const Importance kind : {Importance::kL1, Importance::kL2, Importance::kRandom}) {
    PruneOptions options;
    options.importance = kind;
    const Result<PruneOutcome> outcome = zero_blocks(graph, options);
    ASSERT_TRUE(outcome) << outcome.error().message;
    const double share =
        static_cast<double>(outcome->after.macs) / static_cast<double>(outcome->before.macs);
    EXPECT_LE(share, 0.5);
    EXPECT_GT(share, 0.499);
    EXPECT_EQ(outcome->graph.nodes.size(), graph.nodes.size());
  }
}

TEST(ZeroBlocks, ProtectedLayersStay) {
  std::vector<float> weights(16, 1);
  PruneOptions options;
  options.budget = PruneBudget::kRatio;
  options.value = 0.5;
  const Graph graph = two_filters(weights, 1);
  options.protect = {layer_name(graph, graph.nodes[0])};
  const Result<PruneOutcome> whole = zero_blocks(graph, options);
  ASSERT_FALSE(whole);
  EXPECT_NE(whole.error().message.find("at most 0.000"), std::string::npos) << whole.error().message;
  options.protect = {"nobody"};
  EXPECT_FALSE(zero_blocks(graph, options));
  options.protect = {};
  options.budget = PruneBudget::kLatency;
  EXPECT_FALSE(zero_blocks(graph, options));
  options.budget = PruneBudget::kMacs;
  options.importance = Importance::kMedian;
  EXPECT_FALSE(zero_blocks(graph, options));
}

}  // namespace
}  // namespace shrike
