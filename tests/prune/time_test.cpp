// Pruning to milliseconds, by a timer that is a formula: no test here takes a time.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "ir/infer.h"
#include "prune/prune.h"
#include "prune/remove_channels.h"
#include "prune/select_by_time.h"
#include "prune/time_model.h"
#include "prune/width_table.h"
#include "zoo/scratch.h"

namespace shrike {
namespace {

TEST(WidthTable, BetweenWhatWasMeasured) {
  const WidthTable table({8, 16}, {8, 32}, {1, 4, 2, 8});
  EXPECT_DOUBLE_EQ(table.at(8, 8), 1);
  EXPECT_DOUBLE_EQ(table.at(16, 32), 8);
  EXPECT_DOUBLE_EQ(table.at(8, 20), 2.5);
  EXPECT_DOUBLE_EQ(table.at(12, 20), 3.75);
  EXPECT_DOUBLE_EQ(WidthTable({3}, {8, 16}, {1, 3}).at(3, 12), 2);
}

TEST(WidthTable, WhatOtherProgramsAddedIsTakenBack) {
  const WidthTable table({8, 16}, {8, 16, 24}, {1, 9, 3, 2, 2.5, 4});
  EXPECT_DOUBLE_EQ(table.at(8, 16), 2.5);
  for (int64_t in = 8; in <= 16; ++in)
    for (int64_t out = 8; out < 24; ++out) {
      EXPECT_LE(table.at(in, out), table.at(in, out + 1));
      EXPECT_LE(table.at(in, out), table.at(in + 1, out));
    }
}

TEST(WidthTable, MeasuresMultiplesAndTheWhole) {
  EXPECT_EQ(widths_to_measure(20, 50, 8, 9), (std::vector<int64_t>{24, 32, 40, 48, 50}));
  EXPECT_EQ(widths_to_measure(8, 80, 8, 4), (std::vector<int64_t>{8, 32, 56, 80}));
  EXPECT_EQ(widths_to_measure(3, 3, 8, 4), (std::vector<int64_t>{3}));
}

// Two layers that make 32 channels each, the second of maps that are `fewer` times smaller.
Graph chain() {
  Graph graph;
  ValueId x = graph.add_input("x", DType::kF32, Shape{1, 3, 32, 32});
  const auto conv = [&](int64_t in, int64_t out, int64_t stride, const char* name) {
    const ValueId w =
        graph.add_constant(std::string(name) + "_w", Tensor(DType::kF32, Shape{out, in, 1, 1}));
    x = graph.add_node(Conv{.strides = {stride, stride}}, {x, w}, name);
  };
  conv(3, 32, 1, "slow");
  conv(32, 32, 4, "fast");
  conv(32, 8, 1, "last");
  graph.outputs = {x};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

struct Timer {
  int graphs = 0, nodes = 0;
  // A millisecond for a million multiply-adds.
  Result<std::vector<double>> operator()(const Graph& graph) {
    ++graphs;
    std::vector<double> ms;
    for (const Node& node : graph.nodes) {
      ++nodes;
      const Shape& y = *graph.static_shape(node.outputs[0]);
      ms.push_back(1e-6 *
                   static_cast<double>(y[2] * y[3] * graph.constant(node.inputs[1])->size()));
    }
    return ms;
  }
};

size_t gone(const ChannelGroup& group, const std::vector<bool>& removed) {
  return static_cast<size_t>(std::ranges::count_if(
      group.channels, [&](Channel c) { return removed[static_cast<size_t>(c)]; }));
}

struct Problem {
  explicit Problem(Graph made, SelectOptions wanted = {})
      : graph(std::move(made)),
        channels(Channels::of(graph)),
        groups(channel_groups(graph, channels)),
        options(std::move(wanted)),
        model(graph, channels, groups, options) {}

  Result<void> measure(LayerTimes& times) {
    return model.measure(times, [this](const Graph& g) { return timer(g); });
  }

  std::vector<size_t> gone(const std::vector<bool>& removed) const {
    std::vector<size_t> counts;
    for (const ChannelGroup& group : groups) counts.push_back(shrike::gone(group, removed));
    return counts;
  }

  Graph graph;
  const Channels channels;
  const std::vector<ChannelGroup> groups;
  const SelectOptions options;
  TimeModel model;
  Timer timer;
};

Graph yolo() {
  Result<Graph> graph = zoo::scratch_model("yolov8n", {.classes = 3, .size = {{64, 64}}});
  EXPECT_TRUE(graph);
  return *std::move(graph);
}

// The timer is linear in both widths, so that what lies between is exact.
TEST(TimeModel, SaysWhatTheNetworkWithoutThemTakes) {
  for (const bool small : {true, false}) {
    Problem p(small ? chain() : yolo());
    LayerTimes times;
    ASSERT_TRUE(p.measure(times));
    std::vector<double> scores(p.channels.count());
    std::iota(scores.begin(), scores.end(), 0.0);
    const Ranking ranking(p.channels.count(), p.groups, scores, p.options);
    for (const size_t step : {size_t{0}, ranking.steps() / 2, ranking.steps() - 1}) {
      const std::vector<bool> removed = ranking.removal(step);
      Graph left = p.graph;
      ASSERT_TRUE(remove_channels(left, p.channels, removed));
      double ms = 0;
      for (const Node& node : left.nodes)
        if (std::holds_alternative<Conv>(node.op)) {
          const Shape& y = *left.static_shape(node.outputs[0]);
          ms += 1e-6 * static_cast<double>(y[2] * y[3] * left.constant(node.inputs[1])->size());
        }
      EXPECT_NEAR(p.model.ms(p.gone(removed)), ms, 1e-9) << step;
    }
  }
}

TEST(TimeModel, MeasuresWhatIsMissingAlone) {
  LayerTimes times;
  Problem first(yolo());
  ASSERT_TRUE(first.measure(times));
  EXPECT_GT(first.timer.nodes, 100);
  Problem second(yolo());
  ASSERT_TRUE(second.measure(times));
  EXPECT_EQ(second.timer.graphs, 0);
  times.begin()->second.erase(times.begin()->second.begin());
  Problem third(yolo());
  ASSERT_TRUE(third.measure(times));
  EXPECT_EQ(third.timer.nodes, 1);
}

TEST(TimeModel, WhatTheTimerSaysOfErrorsIsPassedOn) {
  Problem p(chain());
  LayerTimes times;
  EXPECT_FALSE(p.model.measure(
      times, [](const Graph&) -> Result<std::vector<double>> { return runtime_error("ended"); }));
}

// What is worth the same comes back where it takes less: in the layer of small maps.
TEST(TimedSelection, OfWhatIsWorthTheSameTheSlowLeave) {
  Problem p(chain());
  LayerTimes times;
  ASSERT_TRUE(p.measure(times));
  ASSERT_EQ(p.groups.size(), 2u);
  const std::vector<double> scores(p.channels.count(), 1.0);
  const TimedSelection selection(p.channels.count(), p.groups, scores, p.options, p.model);
  const auto cut = selection.cut(0.8 * selection.whole_ms());
  EXPECT_LE(cut.ms, 0.8 * selection.whole_ms());
  EXPECT_EQ(gone(p.groups[0], cut.removed), 8);
  EXPECT_EQ(gone(p.groups[1], cut.removed), 0);
}

// Of pruning in turns: the first layer has lost the half of what it had, the second nothing.
TEST(TimedSelection, LayersKeepToAShareOfWhatTheyHadAtFirst) {
  SelectOptions options;
  options.most = 0.5;
  options.before = {64, 32};
  Problem p(chain(), options);
  LayerTimes times;
  ASSERT_TRUE(p.measure(times));
  ASSERT_EQ(times.size(), 3u);
  for (const auto& [layer, widths] : times)  // all of the first layer stays: one width is measured
    EXPECT_EQ(widths.size(), layer.starts_with("Conv 1x32x32 > 32x32") ? 1u : 3u) << layer;
  const std::vector<double> scores(p.channels.count(), 1.0);
  const TimedSelection selection(p.channels.count(), p.groups, scores, p.options, p.model);
  const auto cut = selection.cut(0);
  EXPECT_TRUE(cut.least);
  EXPECT_EQ(gone(p.groups[0], cut.removed), 0);
  EXPECT_EQ(gone(p.groups[1], cut.removed), 16);
}

double measured(const Problem& p, const std::vector<bool>& removed, double scale, double rest) {
  return scale * p.model.ms(p.gone(removed)) + rest;
}

// A network whose channels are worth something each, and what the table says of its layers.
struct Measured : Problem {
  Measured() : Problem(yolo()), scores(channels.count()) {
    LayerTimes times;
    EXPECT_TRUE(measure(times));
    for (size_t c = 0; c < scores.size(); ++c) scores[c] = static_cast<double>(c * 7919 % 1009);
  }
  TimedSelection selection() const { return {channels.count(), groups, scores, options, model}; }
  std::vector<double> scores;
};

// A machine that is 1.7 times slower than its table, and does something else for a while.
TEST(FitToTime, CorrectsTheTable) {
  const Measured p;
  const TimedSelection selection = p.selection();
  const double rest = 0.2 * selection.whole_ms(), whole = 1.7 * selection.whole_ms() + rest;
  for (const double share : {0.9, 0.7, 0.5}) {
    int tries = 0;
    const auto removed = fit_to_time(selection, share * whole, [&](const std::vector<bool>& r) {
      ++tries;
      return Result<double>(measured(p, r, 1.7, rest));
    });
    ASSERT_TRUE(removed) << removed.error().message;
    const double ms = measured(p, *removed, 1.7, rest);
    EXPECT_LE(ms, share * whole);
    EXPECT_GE(ms, 0.95 * share * whole);
    EXPECT_LE(tries, 10);
  }
}

// Another program leaves, or comes, once the network was found: what was measured before says
// nothing any more.
TEST(FitToTime, BeginsAnewWhereTheMachineChangesItsPace) {
  const Measured p;
  const TimedSelection selection = p.selection();
  const double wish = 0.6 * selection.whole_ms();
  for (const double later : {0.8, 1.25}) {
    double pace = 1;
    const auto removed = fit_to_time(selection, wish, [&](const std::vector<bool>& r) {
      const double ms = measured(p, r, pace, 0);
      if (ms <= wish && ms >= 0.98 * wish) pace = later;
      return Result<double>(ms);
    });
    ASSERT_TRUE(removed) << removed.error().message;
    EXPECT_LE(measured(p, *removed, later, 0), wish);
    EXPECT_GE(measured(p, *removed, later, 0), 0.95 * wish);
  }
}

// A quarter of the whole network's time is none of the table's.
TEST(FitToTime, WhatPruningDoesNotChangeIsFoundOut) {
  const Measured p;
  const TimedSelection selection = p.selection();
  const double rest = selection.whole_ms() / 3, whole = selection.whole_ms() + rest;
  const double wish = 0.4 * whole;
  const auto removed = fit_to_time(selection, wish, [&](const std::vector<bool>& r) {
    return Result<double>(measured(p, r, 1, rest));
  });
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_LE(measured(p, *removed, 1, rest), wish);
  EXPECT_GE(measured(p, *removed, 1, rest), 0.95 * wish);
}

TEST(FitToTime, TheLeastIsSaidAndMuchIsLeftAlone) {
  Problem p(chain());
  LayerTimes times;
  ASSERT_TRUE(p.measure(times));
  const std::vector<double> scores(p.channels.count(), 1.0);
  const TimedSelection selection(p.channels.count(), p.groups, scores, p.options, p.model);
  const auto by_table = [&](const std::vector<bool>& r) {
    return Result<double>(measured(p, r, 1, 0));
  };
  const auto none = fit_to_time(selection, 1e-6, by_table);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kUsage);
  EXPECT_NE(none.error().message.find("the least is 0."), std::string::npos);
  const auto all = fit_to_time(selection, 1e6, by_table);
  ASSERT_TRUE(all);
  EXPECT_EQ(std::ranges::count(*all, true), 0);
  // Where even the least is not as fast as the table says.
  const auto slow = fit_to_time(selection, 0.999 * selection.whole_ms(),
                                [&](const std::vector<bool>&) { return Result<double>(1e3); });
  ASSERT_FALSE(slow);
  EXPECT_NE(slow.error().message.find("the least is 1000."), std::string::npos);
}

// A machine on which the first cut of the table is too slow, however near its limit it is: with all
// that can leave the network is fast enough.
TEST(FitToTime, WhatIsPossibleIsFound) {
  Problem p(chain());
  LayerTimes times;
  ASSERT_TRUE(p.measure(times));
  const std::vector<double> scores(p.channels.count(), 1.0);
  const TimedSelection selection(p.channels.count(), p.groups, scores, p.options, p.model);
  const TimedSelection::Cut least = selection.cut(0);
  ASSERT_TRUE(least.least);
  ASSERT_FALSE(selection.cut(2 * least.ms).least);
  // All cuts but the least are slower than the wish: by as little as nothing, or by far.
  for (const double slower : {1.01, 1.0001}) {
    const auto removed =
        fit_to_time(selection, 1.0, [&](const std::vector<bool>& r) -> Result<double> {
          return r == least.removed ? 1.0 : slower + 1e-9 * p.model.ms(p.gone(r));
        });
    ASSERT_TRUE(removed) << removed.error().message;
    EXPECT_EQ(*removed, least.removed);
  }
}

// What prune() is asked for in milliseconds: of a machine that does a million multiply-adds in one,
// and half a millisecond of something else.
class PruneToLatency : public ::testing::Test {
 protected:
  static double ms_of(const Graph& graph) {
    return 1e-6 * static_cast<double>(cost_of(graph).macs);
  }

  PruneToLatency() : graph_(yolo()) {
    options_.budget = PruneBudget::kLatency;
    options_.importance = Importance::kRandom;
    options_.latency = [](const Graph& graph) { return Result<double>(ms_of(graph) + kRest); };
    options_.measure_layers = [this](TimeModel& model) {
      return model.measure(times_, [this](const Graph& graph) { return timer_(graph); });
    };
  }

  static constexpr double kRest = 0.5;
  const Graph graph_;
  LayerTimes times_;
  Timer timer_;
  PruneOptions options_;
};

TEST_F(PruneToLatency, TheNetworkTakesWhatWasWished) {
  const double whole = ms_of(graph_);
  for (const double share : {0.8, 0.5, 0.3}) {
    options_.value = share * whole + kRest;
    const Result<PruneOutcome> outcome = prune(graph_, options_);
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_LE(ms_of(outcome->graph) + kRest, options_.value);
    EXPECT_GE(ms_of(outcome->graph) + kRest, 0.95 * options_.value);
    // The table has the layers alone.
    EXPECT_NEAR(outcome->table_ms_before, whole, 1e-9);
    EXPECT_NEAR(outcome->table_ms_after, ms_of(outcome->graph), 1e-9);
    EXPECT_EQ(outcome->after.macs, cost_of(outcome->graph).macs);
    EXPECT_GT(outcome->removed, 0);
  }
  EXPECT_GT(timer_.nodes, 100);
}

TEST_F(PruneToLatency, WhatIsFastEnoughStaysAndTheLeastIsSaid) {
  options_.value = ms_of(graph_) + kRest;
  const Result<PruneOutcome> all = prune(graph_, options_);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->removed, 0);
  EXPECT_EQ(all->table_ms_after, all->table_ms_before);
  options_.value = kRest;
  const Result<PruneOutcome> none = prune(graph_, options_);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kUsage);
  const size_t at = none.error().message.find("the least is ");
  ASSERT_NE(at, std::string::npos) << none.error().message;
  const double least = std::stod(none.error().message.substr(at + 13));
  options_.value = least;  // as said
  const Result<PruneOutcome> most = prune(graph_, options_);
  ASSERT_TRUE(most) << most.error().message;
  EXPECT_NEAR(ms_of(most->graph) + kRest, least, 1e-3);
}

TEST_F(PruneToLatency, WhatTheTimersSayOfErrorsIsPassedOn) {
  options_.value = 0.5 * ms_of(graph_);
  options_.latency = [](const Graph&) -> Result<double> { return runtime_error("ended"); };
  const Result<PruneOutcome> outcome = prune(graph_, options_);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::kRuntime);
  options_.measure_layers = [](TimeModel&) -> Result<void> { return input_error("no table"); };
  const Result<PruneOutcome> other = prune(graph_, options_);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::kInput);
}

}  // namespace
}  // namespace shrike
