#include "cli/prune_recovery.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ir/infer.h"

namespace shrike {
namespace {

// What follows --nbs, as often as it is there.
std::vector<std::string> pictures_an_update(const std::vector<std::string>& train) {
  RecoveryOptions options;
  options.epochs = 2;
  options.train = train;
  const std::vector<std::string> words = training_words(options, 1);
  std::vector<std::string> found;
  for (size_t i = 0; i + 1 < words.size(); ++i)
    if (words[i] == "--nbs") found.push_back(words[i + 1]);
  return found;
}

TEST(PruneRecovery, LearnsInUpdatesOfFewPicturesUnlessTold) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(pictures_an_update({"--batch", "8"}), Words{"16"});
  EXPECT_EQ(pictures_an_update({"--nbs", "8"}), Words{"8"});
  EXPECT_EQ(pictures_an_update({"--nbs=8"}), Words{});
  EXPECT_EQ(pictures_an_update({"nbs=8"}), Words{});
}

// A run that goes on has its settings, but not what differs from machine to machine.
TEST(PruneRecovery, GoesOnByAsManyThreadsAndProcesses) {
  RecoveryOptions o;
  o.folder = "there";
  EXPECT_EQ(resuming_words(o, 2), (std::vector<std::string>{"--resume", "there/step-2/run"}));
  o.threads = 3, o.processes = 2;
  EXPECT_EQ(resuming_words(o, 1), (std::vector<std::string>{"--resume", "there/step-1/run",
                                                            "--threads", "3", "--nproc", "2"}));
}

// 1x1 layers behind one another; the filters of each are worth the more the later they come.
Graph layers(const std::vector<int64_t>& filters) {
  Graph graph;
  ValueId x = graph.add_input("x", DType::kF32, Shape{1, 8, 4, 4});
  int64_t channels = 8;
  for (const int64_t count : filters) {
    Tensor w = Tensor(DType::kF32, Shape{count, channels, 1, 1});
    float worth = 0;
    for (float& value : w.mutable_data<float>()) value = ++worth;
    x = graph.add_node(Conv{}, {x, graph.add_constant("w", w)}, "y");
    EXPECT_TRUE(infer_shapes(graph));
    channels = count;
  }
  graph.outputs = {x};
  return graph;
}

// One layer that must keep 8 of its 16 channels loses more in the first step than that wants.
TEST(PruneRecovery, AStepThatHasNothingToRemoveRemovesNothing) {
  const Graph graph = layers({16, 8});
  PruneOptions options;
  options.budget = PruneBudget::kRatio;
  options.value = 0.3;
  Graph now = graph;
  for (int step = 1; step <= 2; ++step) {
    Result<PruneOutcome> outcome = prune(now, step_options(options, step, 2, graph, now, 0, false));
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->removed, step == 1 ? 8 : 0);
    now = std::move(outcome->graph);
  }
}

// The most that can leave, in three steps of which each is a share of what is left: by these
// numbers the last would be an ulp short.
TEST(PruneRecovery, StepsReachTheLimitItself) {
  const Graph graph = layers({128, 8});
  PruneOptions options;
  options.budget = PruneBudget::kRatio;
  options.value = 0.75;
  Graph now = graph;
  for (int step = 1; step <= 3; ++step) {
    Result<PruneOutcome> outcome = prune(now, step_options(options, step, 3, graph, now, 0, false));
    ASSERT_TRUE(outcome) << step << ": " << outcome.error().message;
    now = std::move(outcome->graph);
  }
  EXPECT_EQ(removable_channels(now), 32);
}

}  // namespace
}  // namespace shrike
