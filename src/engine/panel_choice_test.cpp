// 1x1 convolutions together with the depthwise ones behind them, some channels at a time.
#include "engine/panel_choice.h"

#include <gtest/gtest.h>

#include "base/cpu.h"
#include "engine/steps/conv_panels.h"
#include "engine/testing/check.h"
#include "ir/infer.h"
#include "kernels/conv/conv_panels.h"
#include "kernels/select.h"

namespace shrike {
namespace {

using testing::add_conv;
using testing::check_graph;

// Some channels to `wide` by 1x1, depthwise with `kernel` and `stride`, and 1x1.
struct Block {
  explicit Block(int64_t size = 40, int64_t wide = 192, int64_t kernel = 3, int64_t stride = 1,
                 int64_t width = 0, int64_t channels = 32) {
    x = graph.add_input("x", DType::kF32, Shape{2, channels, size, width > 0 ? width : size + 1});
    expanded = add_conv(graph, x, wide, 1, 1, random, 1, UnaryKind::kSilu);
    deep = add_conv(graph, expanded, wide, kernel, stride, random, wide, UnaryKind::kLeakyRelu);
    graph.outputs = {add_conv(graph, deep, 16, 1, 1, random)};
  }
  Joined found(const PlanOptions& options = {}) {
    EXPECT_TRUE(infer_shapes(graph));
    return find_panels(graph, options, {});
  }
  std::mt19937 random{4};
  Graph graph;
  ValueId x, expanded, deep;
};

// As a tuned plan chooses.
ConvChoice as_estimated(const kernels::ConvProblem& problem) { return choose_by_estimate(problem); }

// Rows for any processor have no panels. What is found is not asked: it is what is tested.
bool has_panels() { return kernels::can_run(kernels::CpuNeed::kAvx2Fma); }

TEST(Panels, OfMapsThatAreNotNear) {
  constexpr int64_t kMiB = 1 << 20;
  EXPECT_EQ(least_panel_bytes(0), 384 << 10);
  EXPECT_EQ(least_panel_bytes(kMiB), 384 << 10);
  EXPECT_EQ(least_panel_bytes(2 * kMiB), 768 << 10);
  EXPECT_EQ(least_panel_bytes(16 * kMiB), 768 << 10) << "of several cores";
  // 192 channels of four bytes at size x (size + 1).
  const int64_t least = least_panel_bytes(cpu_features().l2_bytes) / (192 * 4);
  for (const int64_t size : {20, 24, 30, 33, 37})
    if (has_panels()) EXPECT_EQ(Block(size).found().chains.size(), size * (size + 1) >= least);
}

TEST(Panels, SameBitsAsLayersByThemselves) {
  if (!has_panels()) GTEST_SKIP() << "no rows for this processor";
  // Inputs of one step of split products, and of several.
  for (const auto& [channels, wide] : {std::pair<int64_t, int64_t>{32, 192}, {32, 200}, {97, 200}})
    for (const int64_t kernel : {3, 5})
      for (const int64_t stride : {1, 2}) {
        SCOPED_TRACE(std::to_string(channels) + " " + std::to_string(wide) + " " +
                     std::to_string(kernel) + " " + std::to_string(stride));
        Block block(37, wide, kernel, stride, 0, channels);
        ASSERT_EQ(block.found().chains, (Chains{{0, 1}}));
        const Tensor input =
            testing::random_tensor(*block.graph.value(block.x).shape, block.random);
        std::vector<Tensor> outputs;
        for (const ChooseConv& choose : {ChooseConv(as_estimated), ChooseConv(choose_by_estimate)})
          for (const int threads : {1, 2, 3}) {
            Result<Session> session =
                Session::create(block.graph, {.threads = threads, .choose_conv = choose});
            ASSERT_TRUE(session);
            const auto result = session->run(std::span(&input, 1));
            ASSERT_TRUE(result);
            outputs.push_back((*result)[0]);
          }
        for (const Tensor& output : outputs) EXPECT_TRUE(output == outputs[0]);
        EXPECT_TRUE(check_graph(block.graph));
        EXPECT_TRUE(check_graph(block.graph, {.threads = 2}));
      }
}

// A panel's map, which lies behind what all panels share, and the depthwise layer's output.
TEST(Panels, SweepsReadAndWriteAnOddNumberOfLinesApart) {
  if (!has_panels()) GTEST_SKIP() << "no rows for this processor";
  for (const int64_t channels : {32, 97}) {
    Block block(37, 192, 3, 1, 0, channels);
    block.graph.value(block.deep).name = "deep";
    const auto session = check_graph(block.graph);
    ASSERT_TRUE(session);
    size_t output = 0, scratch = 0;
    for (const Buffer& buffer : session->plan().buffers()) {
      if (buffer.name == "deep") output = buffer.offset;
      if (buffer.name == "scratch" && buffer.odd) scratch = buffer.offset;
    }
    kernels::ConvProblem problem;
    problem.in_channels = channels, problem.out_channels = 192;
    problem.in_height = problem.out_height = 37, problem.in_width = problem.out_width = 38;
    problem.activation.kind = kernels::ActivationKind::kSilu;
    const auto& kernel = *kernels::select_kernel(kernels::conv_kernels(), problem).kernel;
    const auto* form = kernels::conv_panels_form(kernel, problem);
    ASSERT_TRUE(form);
    if (form->columns(problem) % 32 != 0) continue;
    const size_t map = scratch + align_up(form->scratch_bytes(problem));
    EXPECT_EQ((map + output) / 64 % 2, 1u) << channels;
  }
}

// Parts of rows, some of them neither first nor last, with what the depthwise layer reads of
// others.
TEST(Panels, SameBitsInPartsOfRows) {
  if (!has_panels()) GTEST_SKIP() << "no rows for this processor";
  for (const int64_t kernel : {3, 5})
    for (const int64_t stride : {1, 2}) {
      SCOPED_TRACE(std::to_string(kernel) + " " + std::to_string(stride));
      Block block(60, 200, kernel, stride, 24);
      EXPECT_TRUE(infer_shapes(block.graph));
      const Tensor input = testing::random_tensor(*block.graph.value(block.x).shape, block.random);
      std::vector<Tensor> outputs;
      std::vector<double> scratch;  // of panels, 0 without
      for (const int threads : {1, 2, 3}) {
        Result<Session> session = Session::create(block.graph, {.threads = threads});
        ASSERT_TRUE(session);
        scratch.push_back(0);
        for (const Plan::Entry& entry : session->plan().steps())
          if (entry.info.kernel.find("by panels") != std::string::npos)
            scratch.back() = static_cast<double>(entry.info.scratch_bytes);
        const auto result = session->run(std::span(&input, 1));
        ASSERT_TRUE(result);
        outputs.push_back((*result)[0]);
      }
      // Each thread holds its part alone.
      EXPECT_GT(scratch[0], 0);
      EXPECT_GT(scratch[1], 0);
      EXPECT_LT(scratch[1], 1.25 * scratch[0]);
      if (kernel == 3) {
        EXPECT_GT(scratch[2], 0);
        EXPECT_LT(scratch[2], 1.3 * scratch[0]);
      }
      for (const Tensor& output : outputs) EXPECT_TRUE(output == outputs[0]);
      EXPECT_TRUE(check_graph(block.graph, {.threads = 3}));
    }
}

constexpr const char* kUnlikeWork = "threads would not have alike much to do, or do it twice";

TEST(Panels, WhereTheyGain) {
  if (!has_panels()) GTEST_SKIP() << "no rows for this processor";
  const auto reason = [](Block block, const PlanOptions& options = {}) {
    const Joined found = block.found(options);
    return found.declined.contains(1) ? std::string(found.declined.at(1)) : std::string();
  };
  EXPECT_EQ(reason(Block()), "");
  EXPECT_EQ(reason(Block(20, 192)), "the map before it is near");
  EXPECT_EQ(reason(Block(140, 64)), "a panel of the map before it is far");
  PlanOptions threads;
  threads.threads = 2;
  // By rows where a row that is computed twice is one of few, or by panels.
  EXPECT_EQ(reason(Block(40, 200), threads), "");
  EXPECT_EQ(reason(Block(14, 1024), threads), "");
  EXPECT_EQ(reason(Block(14, 1032), threads), "");
  threads.threads = 7;
  EXPECT_EQ(reason(Block(40, 200), threads), kUnlikeWork);
  threads.threads = 8;
  EXPECT_EQ(reason(Block(40, 512), threads), "");
  Block read_twice;
  read_twice.graph.outputs.push_back(read_twice.expanded);
  EXPECT_EQ(reason(std::move(read_twice)), "others read the map before it, too");
  PlanOptions tuned, limited;
  tuned.choose_conv = as_estimated;
  limited.memory.bytes = 1 << 30;
  for (const PlanOptions& options : {tuned, limited})
    EXPECT_TRUE(Block().found(options).chains.empty());
}

}  // namespace
}  // namespace shrike
