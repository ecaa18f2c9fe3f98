#include "quantize/half_weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ir/infer.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "passes/pipeline.h"

namespace shrike {
namespace {

Graph network() {
  Result<Graph> graph = parse_graph(
      "input %x: f32[1,1,1,2]\n"
      "const %w: f32[1,1,1,1] = [0.1]\nconst %b: f32[1] = [3.3]\n"
      "const %huge: f32[1,1,1,1] = [1e5]\nconst %tiny: f32[1] = [1e-7]\n"
      "const %half: f32[1,1,1,2] = [0.1, 0.2]\n"
      "%a: ? = Conv(%x, %w, %b)\n%c: ? = Conv(%a, %w, %b)\n%d: ? = Conv(%c, %huge, %tiny)\n"
      "%y: ? = Add(%d, %half)\noutput %y\n",
      "test");
  EXPECT_TRUE(graph) << graph.error().message;
  EXPECT_TRUE(infer_shapes(*graph));
  return *graph;
}

const Tensor& weights(const Graph& graph, size_t conv) {
  return *graph.constant(graph.nodes[conv].inputs[1]);
}

TEST(HalveWeights, OfConvolutionsWhereTheyFit) {
  Graph graph = network();
  ASSERT_TRUE(halve_weights(graph));
  ASSERT_TRUE(verify(graph)) << print_graph(graph);
  const auto halves = std::count_if(graph.values.begin(), graph.values.end(), [](const Value& v) {
    return v.constant && v.dtype == DType::kF16;
  });
  EXPECT_EQ(halves, 2) << "weights and bias, which two convolutions share";
  EXPECT_EQ(graph.nodes.size(), 6u) << print_graph(graph);
}

TEST(HalveWeights, FoldedTheyAreTheFloatNetworkAgain) {
  Graph graph = network();
  ASSERT_TRUE(halve_weights(graph));
  ASSERT_TRUE(run_passes(graph, inference_passes()));
  const Graph before = network();
  EXPECT_EQ(graph.nodes.size(), before.nodes.size());
  const float stored = weights(graph, 0).data<float>()[0];
  EXPECT_NE(stored, 0.1f);
  EXPECT_NEAR(stored, 0.1f, 0.1f / 2048);
  EXPECT_EQ(weights(graph, 2).data<float>()[0], 1e5f);
}

}  // namespace
}  // namespace shrike
