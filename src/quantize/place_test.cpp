#include "quantize/place.h"

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

Tensor noise(const Shape& shape, unsigned seed, float spread) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, spread);
  Tensor t(DType::kF32, shape);
  for (float& x : t.mutable_data<float>()) x = normal(random);
  return t;
}

// x -> a (SiLU) -> pooled -> joined with a -> b, with a residual -> y, which is read as floats too.
struct Example {
  Graph graph;
  ValueId x, a, pooled, joined, b, y;

  Example() {
    x = graph.add_input("x", DType::kF32, Shape{1, 4, 6, 6});
    Conv first;
    first.activation = UnaryKind::kSilu;
    a = graph.add_node(first, {x, weights(4, 4, 1), bias(4)}, "a");
    pooled = graph.add_node(MaxPool{.kernel_shape = {3, 3}, .pads = {1, 1, 1, 1}}, {a}, "pooled");
    joined = graph.add_node(Concat{.axis = 1}, {a, pooled}, "joined");
    b = graph.add_node(Conv{}, {joined, weights(4, 8, 2), bias(4), a}, "b");
    y = graph.add_node(Conv{}, {b, weights(2, 4, 3)}, "y");
    const ValueId doubled = graph.add_node(Binary{BinaryKind::kAdd, 0}, {y, y}, "doubled");
    graph.outputs = {doubled};
    EXPECT_TRUE(infer_shapes(graph));
  }
  ValueId weights(int64_t out, int64_t in, unsigned seed) {
    return graph.add_constant("w", noise(Shape{out, in, 1, 1}, seed, 0.5f));
  }
  ValueId bias(int64_t out) { return graph.add_constant("bias", noise(Shape{out}, 9, 0.2f)); }

  IntegerPlan plan(DType x_type = DType::kU8, DType w_type = DType::kI8) const {
    IntegerPlan plan;
    plan.groups = quantized_groups(graph);
    for (TensorGroup& group : plan.groups) group.form = form_of({-8, 8}, x_type);
    for (const Node& node : graph.nodes)
      if (is_quantizable(graph, node))
        plan.convs.emplace(node.outputs[0], nearest_conv(graph, node, w_type));
    return plan;
  }
};

template <typename T>
int64_t count(const Graph& graph) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(),
                       [](const Node& node) { return std::holds_alternative<T>(node.op); });
}

TEST(QuantizedGroups, WhatMovesElementsSharesAForm) {
  const Example e;
  const std::vector<TensorGroup> groups = quantized_groups(e.graph);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].tensors, std::vector{e.x});
  EXPECT_EQ(groups[1].tensors, (std::vector{e.a, e.pooled, e.joined}));
  EXPECT_EQ(groups[1].producers, std::vector{e.a});
  EXPECT_EQ(groups[2].tensors, std::vector{e.b});
}

TEST(QuantizedGroups, ConstantsThatAreJoinedBelongToThem) {
  Graph g;
  const ValueId x = g.add_input("x", DType::kF32, Shape{1, 2, 4, 4});
  const ValueId far = g.add_constant("far", noise(Shape{1, 1, 4, 4}, 1, 50));
  const ValueId joined = g.add_node(Concat{.axis = 1}, {x, far}, "joined");
  const ValueId w = g.add_constant("w", noise(Shape{2, 3, 1, 1}, 2, 1));
  g.outputs = {g.add_node(Conv{}, {joined, w}, "y")};
  ASSERT_TRUE(infer_shapes(g));
  const std::vector<TensorGroup> groups = quantized_groups(g);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].tensors, (std::vector{x, joined}));
  EXPECT_EQ(groups[0].constants, std::vector{far});
}

TEST(PlaceIntegers, NearTheFloatsAndInIntegersThroughout) {
  const Example e;
  Graph g = e.graph;
  const Result<void> placed = place_integers(g, e.plan());
  ASSERT_TRUE(placed) << placed.error().message;
  ASSERT_TRUE(verify(g)) << print_graph(g);
  EXPECT_EQ(count<QuantizeLinear>(g), 5);

  Graph integers = g;
  for (const auto pass : {fuse_integer_conv, sink_dequantize, fold_dequantized})
    ASSERT_TRUE(pass(integers));
  ASSERT_TRUE(verify(integers));
  EXPECT_EQ(count<QConv>(integers), 3) << print_graph(integers);
  EXPECT_EQ(count<QuantizeLinear>(integers), 1);
  EXPECT_EQ(count<DequantizeLinear>(integers), 0);

  const Tensor x = noise(Shape{1, 4, 6, 6}, 4, 1);
  const auto run = [&](const Graph& graph) {
    const Result<std::vector<Tensor>> outputs = evaluate_graph(graph, std::span(&x, 1));
    EXPECT_TRUE(outputs);
    return (*outputs)[0];
  };
  const Tensor real = run(e.graph), files = run(g), ours = run(integers);
  for (size_t i = 0; i < real.data<float>().size(); ++i) {
    EXPECT_NEAR(files.data<float>()[i], real.data<float>()[i], 0.4f);
    EXPECT_NEAR(ours.data<float>()[i], files.data<float>()[i], 0.1f);
  }
}

TEST(PlaceIntegers, OfSixteenBitsAreNearerStill) {
  const Example e;
  const Tensor x = noise(Shape{1, 4, 6, 6}, 4, 1);
  const auto off = [&](DType x_type, DType w_type) {
    Graph g = e.graph;
    EXPECT_TRUE(place_integers(g, e.plan(x_type, w_type)));
    EXPECT_TRUE(verify(g)) << print_graph(g);
    EXPECT_EQ(opset_for(g), x_type == DType::kU8 ? 13 : 21);
    const Result<std::vector<Tensor>> real = evaluate_graph(e.graph, std::span(&x, 1)),
                                      integers = evaluate_graph(g, std::span(&x, 1));
    EXPECT_TRUE(real && integers);
    double sum = 0;
    for (size_t i = 0; i < (*real)[0].data<float>().size(); ++i)
      sum += std::pow((*real)[0].data<float>()[i] - (*integers)[0].data<float>()[i], 2);
    return sum;
  };
  const double bytes = off(DType::kU8, DType::kI8), mixed = off(DType::kI16, DType::kI8),
               words = off(DType::kI16, DType::kI16);
  EXPECT_LT(mixed, bytes / 2);
  EXPECT_LT(words, mixed / 50);
}

}  // namespace
}  // namespace shrike
