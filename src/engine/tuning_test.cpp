// Tuned plans: what they choose, and that they stay what they are.
#include "engine/tuning.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/memory.h"
#include "engine/session.h"
#include "engine/testing/check.h"
#include "ir/infer.h"
#include "kernels/conv/candidates.h"

namespace shrike {
namespace {

using testing::add_conv;
using testing::random_tensor;

// Two 3x3 layers of one shape, which Winograd's kernels and direct ones can compute, and a 1x1.
Graph three_layers() {
  std::mt19937 random(5);
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{2, 16, 24, 24});
  const ValueId a = add_conv(graph, x, 16, 3, 1, random, 1, UnaryKind::kSilu);
  const ValueId b = add_conv(graph, a, 16, 3, 1, random, 1, UnaryKind::kSilu);
  graph.outputs = {add_conv(graph, b, 8, 1, 1, random)};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

Session make(const Graph& graph, int threads, ChooseConv choose) {
  Result<Session> session =
      Session::create(graph, {.threads = threads, .choose_conv = std::move(choose)});
  EXPECT_TRUE(session) << session.error().message;
  return *std::move(session);
}

std::vector<StepInfo> convolutions(const Session& session) {
  std::vector<StepInfo> steps;
  for (const Plan::Entry& entry : session.plan().steps())
    if (entry.info.op == "Conv") steps.push_back(entry.info);
  return steps;
}

kernels::ConvProblem problem_of_the_first() {
  kernels::ConvProblem p;
  p.in_height = p.in_width = p.out_height = p.out_width = 24;
  p.in_channels = p.out_channels = 16;
  p.kernel_h = p.kernel_w = 3;
  p.pad_top = p.pad_left = 1;
  p.activation.kind = kernels::ActivationKind::kSilu;
  return p;
}

std::vector<std::string> names_of_candidates() {
  std::vector<std::string> names;
  for (const kernels::ConvKernel* row : kernels::conv_candidates(problem_of_the_first()))
    names.emplace_back(row->name);
  return names;
}

TEST(Tuning, MeasuresWhatItDoesNotKnow) {
  const Graph graph = three_layers();
  int calls = 0, total = 0;
  Tuning tuning;
  tuning.on_progress = [&](int done, int all) {
    EXPECT_LT(done, all);
    total = all;
    ++calls;
  };
  ASSERT_TRUE(tune(graph, tuning));
  EXPECT_TRUE(tuning.measured);
  EXPECT_EQ(calls, total);
  const std::string name = kernels::problem_text(problem_of_the_first());
  ASSERT_TRUE(tuning.times.contains(name)) << name;
  for (const std::string& kernel : names_of_candidates())
    EXPECT_GT(tuning.times[name][kernel], 0) << kernel;

  tuning.measured = false;
  ASSERT_TRUE(tune(graph, tuning));
  EXPECT_FALSE(tuning.measured) << "all is known";
  const std::string last = names_of_candidates().back();
  tuning.times[name].erase(last);
  ASSERT_TRUE(tune(graph, tuning));
  EXPECT_GT(tuning.times[name][last], 0) << "one kernel more";
}

TEST(Tuning, WithoutTimeOnlyTheEstimatesAreMeasured) {
  const Graph graph = three_layers();
  const std::string name = kernels::problem_text(problem_of_the_first());
  const std::vector<std::string> candidates = names_of_candidates();
  ASSERT_GE(candidates.size(), 2u);
  Tuning tuning;
  tuning.seconds = 0;
  ASSERT_TRUE(tune(graph, tuning));
  EXPECT_TRUE(tuning.measured);
  ASSERT_EQ(tuning.times[name].size(), 1u);
  EXPECT_EQ(tuning.times[name].begin()->first, candidates.front());
  ASSERT_TRUE(tune(graph, tuning));
  EXPECT_EQ(tuning.times[name].size(), 2u) << "the next one goes on";
}

// As where memory is limited: the network itself can be run or not, and will say so.
TEST(Tuning, WhatCannotBeRunStaysUnmeasured) {
  const Graph graph = three_layers();
  Tuning tuning;
  const size_t before = memory_limit();
  set_memory_limit(memory_held() + 80'000);  // the input alone takes 74 kB
  const Result<void> tuned = tune(graph, tuning);
  set_memory_limit(before);
  EXPECT_TRUE(tuned) << tuned.error().message;
  EXPECT_FALSE(tuning.measured);
  EXPECT_TRUE(tuning.times.empty());
}

TEST(Tuning, SaysWhatTheEstimatesAreWorth) {
  const Graph graph = three_layers();
  Tuning tuning;
  ASSERT_TRUE(tune(graph, tuning));
  const Session session = make(graph, 1, choose_by_times(tuning.times));
  const TuningGain gain = tuning_gain(session.plan(), tuning.times);
  EXPECT_GE(gain.layers, 2);
  EXPECT_LE(gain.changed, gain.layers);
  EXPECT_GT(gain.tuned_ms, 0);
  EXPECT_LE(gain.tuned_ms, gain.estimated_ms);
}

// Each kernel in turn is said to be the fastest: it is what runs, with the same bits for any number
// of threads.
TEST(Tuning, APlanFollowsTheTimesWhateverTheThreads) {
  const Graph graph = three_layers();
  std::mt19937 random(6);
  const std::vector<Tensor> inputs{random_tensor({2, 16, 24, 24}, random)};
  const std::string name = kernels::problem_text(problem_of_the_first());
  const std::vector<std::string> candidates = names_of_candidates();
  ASSERT_GE(candidates.size(), 2u);
  for (const std::string& fastest : candidates) {
    SCOPED_TRACE(fastest);
    KernelTimes times;
    for (const std::string& kernel : candidates) times[name][kernel] = kernel == fastest ? 1 : 2;
    Session one = make(graph, 1, choose_by_times(times));
    const std::vector<StepInfo> steps = convolutions(one);
    ASSERT_EQ(steps.size(), 3u);
    EXPECT_EQ(steps[0].problem, name);
    EXPECT_EQ(steps[0].estimated, candidates[0]);
    for (size_t i : {0, 1}) {
      EXPECT_EQ(steps[i].kernel, fastest);
      EXPECT_EQ(steps[i].declined.size(), candidates.size() - 1);
    }
    EXPECT_EQ(steps[2].kernel, steps[2].estimated) << "of which nothing is known";
    const auto expected = one.run(inputs);
    ASSERT_TRUE(expected);
    for (int threads : {2, 5}) {
      Session more = make(graph, threads, choose_by_times(times));
      EXPECT_EQ(convolutions(more)[0].kernel, fastest);
      const auto outputs = more.run(inputs);
      ASSERT_TRUE(outputs);
      EXPECT_TRUE((*outputs)[0] == (*expected)[0]) << threads << " threads";
    }
  }
}

TEST(Tuning, WhatIsHardlyFasterOrNotAllowedIsNotTaken) {
  const std::string name = kernels::problem_text(problem_of_the_first());
  const std::vector<std::string> candidates = names_of_candidates();
  KernelTimes times;
  for (const std::string& kernel : candidates) times[name][kernel] = 0.99;
  times[name][candidates[0]] = 1;
  EXPECT_EQ(choose_by_times(times)(problem_of_the_first()).kernel->name, candidates[0]);

  // Every row there is, as fast as can be: those that round too much are not among the choice.
  for (const kernels::ConvKernel& row : kernels::conv_kernels()) times[name][row.name] = 1e-6;
  times[name][candidates[0]] = 1;
  const kernels::ConvProblem problem = problem_of_the_first();
  const ConvChoice choice = choose_by_times(times)(problem);
  EXPECT_NE(choice.kernel->name, candidates[0]);
  EXPECT_LE(choice.kernel->rounding / std::sqrt(problem.in_channels), problem.max_rounding);
  EXPECT_STRNE(choice.kernel->name, "reference");
}

}  // namespace
}  // namespace shrike
