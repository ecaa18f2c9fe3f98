#include "quantize/learned.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "ir/infer.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "quantize/network.h"
#include "quantize/place.h"
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

// x -> a (SiLU) -> pooled -> joined with a -> b, with a residual -> y.
Graph network() {
  Graph graph;
  const auto weights = [&](const char* name, int64_t out, int64_t in, unsigned seed) {
    return graph.add_constant(name, noise(Shape{out, in, 1, 1}, seed, 0.5f));
  };
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 4, 6, 6});
  Conv first;
  first.activation = UnaryKind::kSilu;
  const ValueId a = graph.add_node(
      first, {x, weights("wa", 4, 4, 1), graph.add_constant("ba", noise(Shape{4}, 9, 0.2f))}, "a");
  const ValueId pooled =
      graph.add_node(MaxPool{.kernel_shape = {3, 3}, .pads = {1, 1, 1, 1}}, {a}, "pooled");
  const ValueId joined = graph.add_node(Concat{.axis = 1}, {a, pooled}, "joined");
  const ValueId b = graph.add_node(
      Conv{},
      {joined, weights("wb", 4, 8, 2), graph.add_constant("bb", noise(Shape{4}, 8, 0.2f)), a}, "b");
  graph.outputs = {graph.add_node(Conv{}, {b, weights("wy", 2, 4, 3)}, "y")};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

IntegerPlan plan_for(const Graph& graph, DType x_type, int bits) {
  IntegerPlan plan;
  plan.groups = quantized_groups(graph);
  for (TensorGroup& group : plan.groups) group.form = form_of({-6, 8}, x_type);
  plan.groups[0].form = {DType::kU8, 1.0f / 64, 0};
  for (const Node& node : graph.nodes)
    if (is_quantizable(graph, node))
      plan.convs.emplace(node.outputs[0], nearest_conv(graph, node, DType::kI8, bits));
  return plan;
}

Graph placed(DType x_type, int bits, IntegerNames names) {
  Graph graph = network();
  EXPECT_TRUE(place_integers(graph, plan_for(graph, x_type, bits), names));
  return graph;
}

std::vector<float> output_of(const Graph& graph) {
  Tensor x = noise(Shape{1, 4, 6, 6}, 4, 1);
  for (float& value : x.mutable_data<float>()) value = std::abs(value);
  const Result<std::vector<Tensor>> outputs = evaluate_graph(graph, std::span(&x, 1));
  EXPECT_TRUE(outputs) << outputs.error().message;
  return {(*outputs)[0].data<float>().begin(), (*outputs)[0].data<float>().end()};
}

// Integers of weights and biases, in the nodes' order.
std::vector<Tensor> integers_of(const Graph& graph) {
  std::vector<Tensor> all;
  for (const Node& node : graph.nodes)
    if (std::holds_alternative<DequantizeLinear>(node.op) && graph.constant(node.inputs[0]))
      all.push_back(*graph.constant(node.inputs[0]));
  return all;
}

template <typename T>
int64_t count(const Graph& graph) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(),
                       [](const Node& node) { return std::holds_alternative<T>(node.op); });
}

TEST(LearnIntegers, AndStoreThemAgain) {
  for (const DType type : {DType::kU8, DType::kI16})
    for (const int bits : {8, 4}) {
      const Graph before = placed(type, bits, IntegerNames::kShort);
      Graph graph = before;
      const Result<void> learned = learn_integers(graph, bits);
      ASSERT_TRUE(learned) << learned.error().message;
      ASSERT_TRUE(verify(graph)) << print_graph(graph);
      EXPECT_EQ(count<Clip>(graph), 3);
      EXPECT_EQ(integers_of(graph).size(), 0u);
      const std::vector<float> stored = output_of(before), real = output_of(graph);
      for (size_t i = 0; i < stored.size(); ++i) EXPECT_NEAR(stored[i], real[i], 1e-3f) << i;
      ASSERT_TRUE(store_integers(graph));
      ASSERT_TRUE(verify(graph)) << print_graph(graph);
      EXPECT_EQ(count<Clip>(graph) + count<Unary>(graph), 0);
      EXPECT_EQ(graph.nodes.size(), before.nodes.size());
      const std::vector<Tensor> a = integers_of(before), b = integers_of(graph);
      ASSERT_EQ(a.size(), b.size());
      for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i] == b[i]) << i;
      const std::vector<float> again = output_of(graph);
      for (size_t i = 0; i < stored.size(); ++i) EXPECT_NEAR(stored[i], again[i], 1e-5f) << i;
    }
}

TEST(LearnIntegers, ByTheNamesOfFloatsAndTheirSteps) {
  Graph graph = placed(DType::kU8, 8, IntegerNames::kOfFloats);
  ASSERT_TRUE(learn_integers(graph, 8));
  for (const char* name :
       {"wa", "ba", "wa.step", "wb", "bb", "wb.step", "wy", "wy.step", "x2.step"})
    EXPECT_TRUE(graph.find_value(name) && graph.constant(*graph.find_value(name))) << name;
  int64_t learned = 0;
  for (const Node& node : graph.nodes)
    if (std::holds_alternative<QuantizeLinear>(node.op) && !graph.constant(node.inputs[0]))
      learned += graph.constant(node.inputs[1]) ? 0 : 1;
  EXPECT_EQ(learned, 4) << "a, pooled, joined, b: not the picture";
  EXPECT_EQ(count<Unary>(graph), 5) << "three of weights; one of a, pooled and joined; one of b";
}

TEST(LearnIntegers, FromFloatsInsideTheirCells) {
  Graph graph = placed(DType::kU8, 4, IntegerNames::kOfFloats);
  const std::vector<Tensor> before = integers_of(graph);
  FloatsByName floats = {{"wa", noise(Shape{4, 4, 1, 1}, 1, 0.5f)}};
  for (float& w : floats["wa"].mutable_data<float>()) w += 0.05f;
  const float scale = graph.constant(*graph.find_value("wa.scales"))->data<float>()[0];
  const float outside = static_cast<float>(before[0].data<int8_t>()[0]) * scale + 5 * scale;
  floats["wa"].mutable_data<float>()[0] = outside;
  ASSERT_TRUE(learn_integers(graph, 4, floats));
  const std::span<const float> w = graph.constant(*graph.find_value("wa"))->data<float>();
  EXPECT_NEAR(w[0], outside - 4.75f * scale, 1e-3f * scale) << "as near as its integer allows";
  int free = 0;
  for (size_t i = 1; i < w.size(); ++i) free += w[i] == floats["wa"].data<float>()[i] ? 1 : 0;
  EXPECT_GT(free, 2) << "what lies in the middle of its cell is what it was";
  ASSERT_TRUE(store_integers(graph));
  const std::vector<Tensor> after = integers_of(graph);
  for (size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(before[i] == after[i]) << i;
}

TEST(LearnIntegers, WhatIsZeroStaysZero) {
  Graph graph = placed(DType::kU8, 8, IntegerNames::kOfFloats);
  FloatsByName floats = {{"wa", noise(Shape{4, 4, 1, 1}, 1, 0.5f)}};
  floats["wa"].mutable_data<float>()[5] = 0;
  ASSERT_TRUE(learn_integers(graph, 8, floats));
  EXPECT_EQ(graph.constant(*graph.find_value("wa"))->data<float>()[5], 0);
}

// Others' files have it; ours do not.
TEST(LearnIntegers, KeepsTheLeastInteger) {
  Graph graph = placed(DType::kU8, 8, IntegerNames::kShort);
  for (const Node& node : graph.nodes) {
    if (!std::holds_alternative<DequantizeLinear>(node.op)) continue;
    const Tensor* q = graph.constant(node.inputs[0]);
    if (!q || q->dtype() != DType::kI8) continue;
    Tensor with_least = *q;
    with_least.mutable_data<int8_t>()[3] = -128;
    graph.value(node.inputs[0]).constant = with_least;
    break;
  }
  const std::vector<Tensor> before = integers_of(graph);
  ASSERT_TRUE(learn_integers(graph, 8));
  ASSERT_TRUE(store_integers(graph));
  const std::vector<Tensor> after = integers_of(graph);
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(before[i] == after[i]) << i;
}

TEST(LearnIntegers, RefusesMoreBits) {
  Graph graph = placed(DType::kU8, 8, IntegerNames::kShort);
  const Result<void> learned = learn_integers(graph, 4);
  ASSERT_FALSE(learned);
  EXPECT_EQ(learned.error().kind, ErrorKind::kModel);
  EXPECT_NE(learned.error().message.find("more than 4 bits"), std::string::npos)
      << learned.error().message;
}

TEST(LearnIntegers, RefusesWhatIsNoWeight) {
  const char* const graphs[] = {
      "input %x: f32[2,2]\nconst %w: i8[2,2] = hex\"01020304\"\nconst %s: f32[] = [1]\n"
      "%r: ? = DequantizeLinear(%w, %s)\n%y: ? = MatMul(%x, %r)\noutput %y",
      "input %x: f32[1,2,2,2]\nconst %w: i8[1,2,1,1] = hex\"0102\"\nconst %s: f32[] = [1]\n"
      "const %z: i8[] = hex\"03\"\n%r: ? = DequantizeLinear(%w, %s, %z)\n%y: ? = Conv(%x, "
      "%r)\noutput %y",
      "input %q: u8[1,2,2,2]\nconst %s: f32[] = [1]\nconst %z: u8[] = hex\"03\"\n"
      "%x: ? = DequantizeLinear(%q, %s, %z)\n%y: ? = Relu(%x)\noutput %y"};
  for (const char* text : graphs) {
    Result<Graph> graph = parse_graph(text, "test");
    ASSERT_TRUE(graph) << graph.error().message;
    ASSERT_TRUE(infer_shapes(*graph));
    const Result<void> learned = learn_integers(*graph, 8);
    ASSERT_FALSE(learned) << text;
    EXPECT_EQ(learned.error().kind, ErrorKind::kModel);
    EXPECT_NE(learned.error().message.find("cannot learn in integers"), std::string::npos);
  }
}

TEST(StoreIntegers, LeavesFloatsAlone) {
  Graph graph = network();
  const Graph before = graph;
  ASSERT_TRUE(store_integers(graph));
  EXPECT_TRUE(same_graph(graph, before));
  EXPECT_FALSE(holds_integers(graph));
}

TEST(StepOf, IsWithinWhatLayersAreComputedWith) {
  EXPECT_FLOAT_EQ(step_of(std::log(0.037f)), 0.037f);
  EXPECT_EQ(step_of(-200), 0x1p-40f);
  EXPECT_EQ(step_of(std::log(0x1p-40f)), 0x1p-40f);
  EXPECT_EQ(step_of(200), 0x1p40f);
}

}  // namespace
}  // namespace shrike
