// Precision::kBfloat16 from the session's options to the kernels that run.
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "engine/session.h"
#include "engine/testing/check.h"
#include "ir/infer.h"

namespace shrike {
namespace {

using kernels::Precision;
using testing::add_conv;
using testing::random_tensor;

Graph two_layers() {
  std::mt19937 random(5);
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 32, 40, 40});
  const ValueId a = add_conv(graph, x, 64, 1, 1, random, 1, UnaryKind::kSilu);
  graph.outputs = {add_conv(graph, a, 64, 1, 1, random)};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

Session make(const Graph& graph, int threads, Precision precision, size_t limit = 0) {
  Result<Session> session =
      Session::create(graph, {.threads = threads, .memory = {limit, 0}, .precision = precision});
  EXPECT_TRUE(session) << session.error().message;
  return *std::move(session);
}

int rounding_steps(const Session& session) {
  int count = 0;
  for (const Plan::Entry& entry : session.plan().steps())
    count += entry.info.kernel.ends_with("_bfloat16");
  return count;
}

TEST(Precision, ReachesTheKernelsWithTheSameBitsForAnyNumberOfThreads) {
  if (!cpu_features().fast_bf16()) GTEST_SKIP() << "no faster products of bfloat16 here";
  const Graph graph = two_layers();
  std::mt19937 random(6);
  const std::vector<Tensor> inputs{random_tensor({1, 32, 40, 40}, random)};
  Session full = make(graph, 1, Precision::kFp32), one = make(graph, 1, Precision::kBfloat16);
  EXPECT_EQ(rounding_steps(full), 0);
  EXPECT_EQ(rounding_steps(one), 2);
  const auto expected = one.run(inputs), exact = full.run(inputs);
  ASSERT_TRUE(expected && exact);
  EXPECT_FALSE((*expected)[0] == (*exact)[0]) << "nothing was rounded";
  for (int threads : {2, 5}) {
    Session more = make(graph, threads, Precision::kBfloat16);
    const auto outputs = more.run(inputs);
    ASSERT_TRUE(outputs);
    EXPECT_TRUE((*outputs)[0] == (*expected)[0]) << threads << " threads";
  }
}

TEST(Precision, IsKeptWithinALimitOfMemory) {
  if (!cpu_features().fast_bf16()) GTEST_SKIP() << "no faster products of bfloat16 here";
  EXPECT_EQ(rounding_steps(make(two_layers(), 1, Precision::kBfloat16, 64'000'000)), 2);
}

}  // namespace
}  // namespace shrike
