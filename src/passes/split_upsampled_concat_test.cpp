// Upsampled maps that a convolution reads before they are upsampled.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "ir/infer.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "passes/passes.h"
#include "reference/evaluate.h"

namespace shrike {
namespace {

Tensor random_tensor(const Shape& shape, std::mt19937& random) {
  std::normal_distribution<float> normal;
  Tensor tensor(DType::kF32, shape);
  for (float& x : tensor.mutable_data<float>()) x = normal(random);
  return tensor;
}

const char kMaps[] =
    "input %x: f32[2,6,3,4]\ninput %y: f32[2,4,6,8]\n"
    "const %s: f32[4] = [1,1,2,2]\nconst %size: i64[4] = [2,6,6,8]\n";

// The graph with random weights %w (of `outputs` of 10 channels), %v (of 1 output) and biases %b.
Graph network(const std::string& nodes, int64_t outputs = 5) {
  Result<Graph> graph = parse_graph(
      std::string(kMaps) + "input %w: f32[" + std::to_string(outputs) + ",10,1,1]\n" +
          "input %v: f32[1,10,1,1]\ninput %b: f32[" + std::to_string(outputs) + "]\n" + nodes,
      "test");
  EXPECT_TRUE(graph) << graph.error().message;
  std::mt19937 random(5);
  for (size_t i = 2; i < 5; ++i) {
    Value& value = graph->value(graph->inputs[i]);
    value.constant = random_tensor(*value.shape, random);
  }
  graph->inputs.resize(2);
  EXPECT_TRUE(infer_shapes(*graph));
  return *graph;
}

// Runs the pass, checks that the numbers stayed, and says how many nodes of a kind there are.
template <typename Op>
int left(Graph graph) {
  const Graph before = graph;
  EXPECT_TRUE(split_upsampled_concat(graph));
  const Result<void> sound = verify(graph);
  EXPECT_TRUE(sound) << sound.error().message << "\n" << print_graph(graph);
  std::mt19937 random(7);
  std::vector<Tensor> inputs;
  for (ValueId id : before.inputs)
    inputs.push_back(random_tensor(*before.static_shape(id), random));
  const Result<std::vector<Tensor>> a = evaluate_graph(before, inputs),
                                    b = evaluate_graph(graph, inputs);
  EXPECT_TRUE(a && b);
  if (!a || !b) return -1;
  for (size_t i = 0; i < a->size(); ++i) {
    EXPECT_EQ(before.value(before.outputs[i]).name, graph.value(graph.outputs[i]).name);
    const auto x = (*a)[i].data<float>(), y = (*b)[i].data<float>();
    EXPECT_EQ(x.size(), y.size());
    for (size_t k = 0; k < std::min(x.size(), y.size()); ++k)
      EXPECT_NEAR(x[k], y[k], 1e-5f * (1 + std::abs(x[k])));
  }
  return static_cast<int>(std::count_if(graph.nodes.begin(), graph.nodes.end(), [](const Node& n) {
    return std::holds_alternative<Op>(n.op);
  }));
}

const std::string kUp = "%u: ? = Resize(%x, %s)\n%j: ? = Concat(%u, %y) axis=1\n";
const std::string kConv = "%c: ? = Conv(%j, %w, %b)\noutput %c\n";

TEST(SplitUpsampledConcat, BothOrdersScalesAndSizes) {
  EXPECT_EQ(left<Concat>(network(kUp + kConv)), 0);
  EXPECT_EQ(left<Conv>(network(kUp + kConv)), 2);
  EXPECT_EQ(left<Concat>(network("%u: ? = Resize(%x, _, %size)\n"
                                 "%j: ? = Concat(%y, %u) axis=1\n" +
                                 kConv)),
            0);
  EXPECT_EQ(left<Concat>(network(kUp + "%c: ? = Conv(%j, %w)\noutput %c\n")), 0);
}

TEST(SplitUpsampledConcat, TheActivationComesLast) {
  Graph graph = network(kUp + "%c: ? = Conv(%j, %w, %b)\n%d: ? = Silu(%c)\noutput %d\n");
  ASSERT_TRUE(fuse_activation_into_conv(graph));
  EXPECT_EQ(left<Concat>(graph), 0);
  EXPECT_EQ(left<Unary>(graph), 1);
}

TEST(SplitUpsampledConcat, SeveralConvolutions) {
  const std::string two = kUp + "%c: ? = Conv(%j, %w, %b)\n%d: ? = Conv(%j, %v)\n";
  EXPECT_EQ(left<Conv>(network(two + "output %c\noutput %d\n")), 4);
  EXPECT_EQ(left<Concat>(network(two + "output %c\noutput %d\n", 6)), 1) << "7 outputs of 6";
}

TEST(SplitUpsampledConcat, NotWhereOthersReadIt) {
  EXPECT_EQ(left<Concat>(network(kUp + kConv + "output %j\n")), 1);
  EXPECT_EQ(left<Concat>(network(kUp + kConv + "output %u\n")), 1);
  EXPECT_EQ(left<Concat>(network(kUp + kConv + "%r: ? = Relu(%j)\noutput %r\n")), 1);
}

TEST(SplitUpsampledConcat, NotOtherConvolutionsAndResizes) {
  EXPECT_EQ(left<Concat>(network(kUp + "%c: ? = Conv(%j, %w, %b) strides=[2,2]\noutput %c\n")), 1);
  EXPECT_EQ(left<Concat>(network("%u: ? = Resize(%x, %s) mode=linear\n"
                                 "%j: ? = Concat(%u, %y) axis=1\n" +
                                 kConv)),
            1);
}

}  // namespace
}  // namespace shrike
