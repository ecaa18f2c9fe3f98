#include "prune/select.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "ir/infer.h"
#include "passes/pipeline.h"
#include "prune/cost.h"
#include "prune/importance.h"
#include "prune/prune.h"
#include "prune/remove_channels.h"
#include "random_networks.h"
#include "zoo/scratch.h"

namespace shrike {
namespace {

// Channels 0..15 and 16..47, worth their number.
std::vector<ChannelGroup> two_groups() {
  std::vector<ChannelGroup> groups(2);
  for (Channel c = 0; c < 48; ++c) groups[c < 16 ? 0 : 1].channels.push_back(c);
  return groups;
}

std::vector<double> numbers(size_t count) {
  std::vector<double> scores(count);
  std::iota(scores.begin(), scores.end(), 0.0);
  return scores;
}

double left(const std::vector<bool>& removed) {
  return static_cast<double>(std::count(removed.begin(), removed.end(), false));
}

TEST(SelectChannels, TheLeastImportantInWholeVectors) {
  const auto groups = two_groups();
  const auto removed = select_channels(Ranking(48, groups, numbers(48), {}), 40, left);
  ASSERT_TRUE(removed);
  for (size_t c = 0; c < 48; ++c) EXPECT_EQ((*removed)[c], c < 8) << c;
}

TEST(SelectChannels, NoLayerIsEmptied) {
  const auto groups = two_groups();
  SelectOptions options;
  options.multiple = 1;
  options.most = 1;
  const auto removed = select_channels(Ranking(48, groups, numbers(48), options), 2, left);
  ASSERT_TRUE(removed);
  EXPECT_FALSE((*removed)[15]);
  EXPECT_FALSE((*removed)[47]);
  EXPECT_EQ(left(*removed), 2);
}

TEST(SelectChannels, WhatCannotBeReachedIsSaid) {
  const auto groups = two_groups();
  const auto removed = select_channels(Ranking(48, groups, numbers(48), {}), 8, left);
  EXPECT_FALSE(removed);
  EXPECT_TRUE(select_channels(Ranking(48, groups, numbers(48), {}), 16, left)) << "the least";
}

TEST(SelectChannels, ProtectedGroupsStay) {
  const auto groups = two_groups();
  SelectOptions options;
  options.protect = {true, false};
  const auto removed = select_channels(Ranking(48, groups, numbers(48), options), 40, left);
  ASSERT_TRUE(removed);
  for (size_t c = 0; c < 48; ++c) EXPECT_EQ((*removed)[c], c >= 16 && c < 24) << c;
}

TEST(SelectChannels, HalfOfTheMacsOfANetwork) {
  const Result<Graph> graph = zoo::scratch_model("yolov8n", {.classes = 3, .size = {{64, 64}}});
  ASSERT_TRUE(graph);
  const Channels channels = Channels::of(*graph);
  const auto groups = channel_groups(*graph, channels);
  const CostModel cost(*graph, channels);
  const auto macs = [&](const std::vector<bool>& removed) {
    return static_cast<double>(cost.at(removed).macs);
  };
  const double whole = macs(std::vector<bool>(channels.count(), false));
  for (const Importance kind : {Importance::kL1, Importance::kL2, Importance::kMedian,
                                Importance::kNorm, Importance::kRandom}) {
    auto scores = importance(*graph, channels, kind, 1);
    ASSERT_TRUE(scores) << scores.error().message;
    normalise_by_group(*scores, groups);
    SelectOptions options;
    options.multiple = 2;
    const auto removed =
        select_channels(Ranking(channels.count(), groups, *scores, options), whole / 2, macs);
    ASSERT_TRUE(removed);
    EXPECT_LE(macs(*removed), whole / 2);
    // All batch norms' scales are 1 at the start: all or nothing.
    if (kind != Importance::kNorm) {
      EXPECT_GT(macs(*removed), 0.45 * whole);
    }
    Graph pruned = *graph;
    EXPECT_TRUE(remove_channels(pruned, channels, *removed));
  }
}

// One convolution of three filters, read by another.
Graph three_filters(const std::vector<float>& filters) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 2, 1, 1});
  const ValueId w = graph.add_constant("w", Tensor::from<float>(Shape{3, 2, 1, 1}, filters));
  const ValueId y = graph.add_node(Conv{}, {x, w}, "y");
  const ValueId v = graph.add_constant("v", Tensor(DType::kF32, Shape{1, 3, 1, 1}));
  graph.outputs = {graph.add_node(Conv{}, {y, v}, "z")};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

std::vector<double> scores_of(const std::vector<float>& filters, Importance kind) {
  const Graph graph = three_filters(filters);
  const Channels channels = Channels::of(graph);
  const auto scores = importance(graph, channels, kind, 0);
  EXPECT_TRUE(scores);
  std::vector<double> by_filter;
  const std::optional<ValueId> w = graph.find_value("w");
  for (const Channel c : channels.axis(*w, 0))
    by_filter.push_back((*scores)[static_cast<size_t>(c)]);
  return by_filter;
}

TEST(Importance, Formulas) {
  const std::vector<float> filters = {3, -4, 0, 0, 3, 0};
  EXPECT_EQ(scores_of(filters, Importance::kL1), (std::vector<double>{7, 0, 3}));
  EXPECT_EQ(scores_of(filters, Importance::kL2), (std::vector<double>{5, 0, 3}));
  // Distances: 5 and 4 from the first, 3 between the others.
  EXPECT_EQ(scores_of(filters, Importance::kMedian), (std::vector<double>{9, 8, 7}));
}

TEST(Importance, NormNeedsBatchNorms) {
  const Graph graph = three_filters({1, 1, 1, 1, 1, 1});
  const auto scores = importance(graph, Channels::of(graph), Importance::kNorm, 0);
  ASSERT_FALSE(scores);
  EXPECT_EQ(scores.error().kind, ErrorKind::kUsage);
}

TEST(Importance, MeasuredNumbersAreFoundByTheWeightsNames) {
  const Graph graph = three_filters({1, 1, 1, 1, 1, 1});
  const Channels channels = Channels::of(graph);
  const auto scores =
      importance(graph, channels, Importance::kTaylor, 0, {{"w", {3, 1, 2}}, {"other", {7}}});
  ASSERT_TRUE(scores) << scores.error().message;
  const Axis& made = channels.axis(*graph.find_value("w"), 0);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_EQ((*scores)[static_cast<size_t>(made[i])], (std::vector<double>{3, 1, 2})[i]);
  for (const FilterScores& wrong : {FilterScores{{"w", {1, 2}}}, FilterScores{}})
    EXPECT_FALSE(importance(graph, channels, Importance::kTaylor, 0, wrong));
}

TEST(Importance, ScalesOfBatchNormsOutliveTheirFolding) {
  Result<Graph> scratch = zoo::scratch_model("yolov8n", {.classes = 3, .size = {{64, 64}}});
  ASSERT_TRUE(scratch);
  Graph graph = *std::move(scratch);
  float worth = 0;
  for (const Node& node : graph.nodes)
    if (std::holds_alternative<BatchNorm>(node.op))
      for (float& scale : graph.value(node.inputs[1]).constant->mutable_data<float>()) {
        worth = worth > 50 ? -50 : worth + 3;
        scale = worth;
      }
  const FilterScores scales = norm_scales(graph);
  Graph folded = graph;
  ASSERT_TRUE(run_passes(folded, folding_passes()));
  const auto before = importance(graph, Channels::of(graph), Importance::kNorm, 0);
  const auto after = importance(folded, Channels::of(folded), Importance::kNorm, 0, scales);
  ASSERT_TRUE(before) << before.error().message;
  ASSERT_TRUE(after) << after.error().message;
  const auto sorted = [](std::vector<double> values) {
    std::erase_if(values, [](double value) { return value <= 0; });
    std::sort(values.begin(), values.end());
    return values;
  };
  EXPECT_GT(sorted(*before).size(), 500u);
  EXPECT_EQ(sorted(*before), sorted(*after));
}

TEST(Importance, GroupsAreComparable) {
  std::vector<double> scores = {1, 3, 10, 30};
  const std::vector<ChannelGroup> groups = {{{0, 1}, 0}, {{2, 3}, 1}};
  normalise_by_group(scores, groups);
  EXPECT_EQ(scores, (std::vector<double>{0.5, 1.5, 0.5, 1.5}));
}

TEST(Importance, ChannelsWithoutANumberAreWorthTheMean) {
  std::vector<double> scores = {1, 3, kUnknownWorth, kUnknownWorth, kUnknownWorth, 0, 0};
  const std::vector<ChannelGroup> groups = {{{0, 1, 2}, 0}, {{3, 4}, 1}, {{5, 6}, 2}};
  estimate_unknown(scores, groups);
  EXPECT_EQ(scores, (std::vector<double>{1, 3, 2, 1, 1, 0, 0}));
  normalise_by_group(scores, groups);
  EXPECT_EQ(scores, (std::vector<double>{0.5, 1.5, 1, 1, 1, 0, 0}));

  const Graph graph = three_filters({1, 1, 1, 1, 1, 1});
  const Channels channels = Channels::of(graph);
  const auto measured =
      importance(graph, channels, Importance::kTaylor, 0, {{"v", {5}}, {"w", {}}});
  ASSERT_TRUE(measured) << measured.error().message;
  for (const Channel c : channels.axis(*graph.find_value("w"), 0))
    EXPECT_EQ((*measured)[static_cast<size_t>(c)], kUnknownWorth);
}

// Taylor's numbers are not divided: what has none must not leave for that.
TEST(Prune, LayersWithoutANumberDoNotLeaveFirst) {
  Graph graph;
  ValueId x = graph.add_input("x", DType::kF32, Shape{1, 3, 4, 4});
  const auto conv = [&](int64_t filters, const char* name) {
    const int64_t channels = (*graph.value(x).shape)[1];
    const ValueId w = graph.add_constant(name, Tensor(DType::kF32, Shape{filters, channels, 1, 1}));
    x = graph.add_node(Conv{}, {x, w}, "y");
    ASSERT_TRUE(infer_shapes(graph));
  };
  conv(16, "known"), conv(16, "unknown"), conv(4, "last");
  graph.outputs = {x};
  PruneOptions options;
  options.budget = PruneBudget::kRatio;
  options.importance = Importance::kTaylor;
  options.multiple = 1;
  options.measured = {{"known", numbers(16)}, {"last", numbers(4)}};
  options.value = 7.0 / 32;
  const Result<PruneOutcome> some = prune(graph, options);
  ASSERT_TRUE(some) << some.error().message;
  EXPECT_EQ(some->layers[0].after, 9);
  EXPECT_EQ(some->layers[1].after, 16);
  options.value = 0.7;
  const Result<PruneOutcome> most = prune(graph, options);
  ASSERT_TRUE(most) << most.error().message;
  EXPECT_LT(most->layers[1].after, 16);
}

// What one step reaches several reach: a layer of 16 keeps to a share of 16, not of what it has.
TEST(Prune, StepsKeepToTheFirstNetworksWidths) {
  Graph graph;
  ValueId x = graph.add_input("x", DType::kF32, Shape{1, 8, 4, 4});
  std::mt19937 random(3);
  for (const int64_t filters : {16, 24, 32, 8}) {
    const int64_t channels = (*graph.value(x).shape)[1];
    Tensor w(DType::kF32, Shape{filters, channels, 1, 1});
    for (float& v : w.mutable_data<float>()) v = static_cast<float>(random() % 256) / 255;
    x = graph.add_node(Conv{}, {x, graph.add_constant("w", w)}, "y");
    ASSERT_TRUE(infer_shapes(graph));
  }
  graph.outputs = {x};
  PruneOptions options;
  options.value = 0.23;  // of the multiply-adds; 8 of each layer are 0.127
  const Result<PruneOutcome> once = prune(graph, options);
  ASSERT_TRUE(once) << once.error().message;
  Graph now = graph;
  options.original = &graph;
  for (int step = 1; step <= 4; ++step) {
    const double share =
        static_cast<double>(cost_of(now).macs) / static_cast<double>(cost_of(graph).macs);
    options.value = std::min(1.0, std::pow(0.23, step / 4.0) / share);
    Result<PruneOutcome> outcome = prune(now, options);
    ASSERT_TRUE(outcome) << "step " << step << ": " << outcome.error().message;
    now = std::move(outcome->graph);
  }
  EXPECT_LE(static_cast<double>(cost_of(now).macs),
            0.23 * static_cast<double>(cost_of(graph).macs));
  // And never below the share of what they had at first: a fifth of 16, 24 and 32 channels, rounded
  // up. What a step leaves at the least is what the first would have.
  options.multiple = 1;
  options.budget = PruneBudget::kRatio;
  int64_t had = 0;
  const std::vector<int64_t> least = {4, 5, 7};
  const auto widths = [](const PruneOutcome& outcome) {
    std::vector<int64_t> after;
    for (size_t i = 0; i < 3; ++i) after.push_back(outcome.layers[i].after);
    return after;
  };
  for (const PrunedLayer& layer : compared(graph, now).layers) had += layer.after;
  had -= 8;  // the outputs, which stay
  options.value = static_cast<double>(had - 16) / static_cast<double>(had);
  const Result<PruneOutcome> last = prune(now, options);
  ASSERT_TRUE(last) << last.error().message;
  EXPECT_EQ(widths(*last), least);
  options.value = static_cast<double>(had - 15) / static_cast<double>(had);
  const Result<PruneOutcome> more = prune(now, options);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace shrike
