#include <gtest/gtest.h>

#include <random>

#include "ir/infer.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "passes/lift_head.h"
#include "passes/passes.h"
#include "passes/pipeline.h"
#include "passes/resize_input.h"
#include "reference/evaluate.h"

namespace shrike {
namespace {

const PassOptions kVerified = {true, {}, nullptr};

Tensor noise(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.5f);
  Tensor t(DType::kF32, shape);
  for (float& x : t.mutable_data<float>()) x = normal(random);
  return t;
}

// A network of one strided convolution a map, and a head on them.
Graph with_head(const Head& head, const std::vector<int64_t>& channels) {
  Graph g;
  const ValueId picture = g.add_input("images", DType::kF32, Shape{1, 3, 64, 96});
  std::vector<ValueId> maps;
  for (size_t s = 0; s < head.strides.size(); ++s)
    for (size_t m = 0; m < channels.size(); ++m) {
      const int64_t stride = head.strides[s];
      const unsigned seed = static_cast<unsigned>(10 * s + m);
      const ValueId w = g.add_constant("w", noise(Shape{channels[m], 3, stride, stride}, seed));
      Conv conv;
      conv.strides = {stride, stride};
      maps.push_back(g.add_node(conv, {picture, w}, "map"));
    }
  g.outputs = {g.add_node(head, maps, "output0")};
  EXPECT_TRUE(infer_shapes(g));
  return g;
}

Head anchor_free(BoxFormat format, int64_t max_det, int64_t reg_max = 4) {
  Head head;
  head.num_classes = 3;
  head.reg_max = reg_max;
  head.strides = {8, 16, 32};
  head.box_format = format;
  head.max_det = max_det;
  return head;
}

Head anchored(HeadKind kind) {
  Head head;
  head.kind = kind;
  head.num_classes = 2;
  head.strides = {16, 8};
  head.anchors = {10, 13.5f, 33, 23, 62, 45, 59, 119};
  if (kind == HeadKind::kDarknet) head.scale_xy = {1.05f, 2.0f};
  head.reg_max = 16;
  return head;
}

Head yolox(bool decoded) {
  Head head;
  head.kind = HeadKind::kYolox;
  head.num_classes = 5;
  head.strides = {8, 16};
  head.decoded = decoded;
  return head;
}

struct Case {
  const char* name;
  Head head;
  std::vector<int64_t> channels;
};

std::vector<Case> cases() {
  return {{"v8", anchor_free(BoxFormat::kCxcywh, 0), {16, 3}},
          {"xyxy", anchor_free(BoxFormat::kXyxy, 0), {16, 3}},
          {"no_dfl", anchor_free(BoxFormat::kCxcywh, 0, 1), {4, 3}},
          {"end_to_end", anchor_free(BoxFormat::kXyxy, 20), {16, 3}},
          {"end_to_end_all", anchor_free(BoxFormat::kXyxy, 300), {16, 3}},
          {"v5", anchored(HeadKind::kAnchor), {14}},
          {"darknet", anchored(HeadKind::kDarknet), {14}},
          {"yolox_raw", yolox(false), {4, 1, 5}},
          {"yolox_decoded", yolox(true), {4, 1, 5}}};
}

std::vector<float> output_of(const Graph& g, const Tensor& picture) {
  const Result<std::vector<Tensor>> out = evaluate_graph(g, std::vector{picture});
  EXPECT_TRUE(out) << out.error().message;
  if (!out) return {};
  const auto data = (*out)[0].data<float>();
  return {data.begin(), data.end()};
}

void expect_same(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 2e-4f * (1 + std::abs(a[i]))) << i;
}

TEST(Head, ExpandedGivesWhatTheNodeGives) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const Graph lifted = with_head(c.head, c.channels);
    Graph expanded = lifted;
    ASSERT_TRUE(expand_head(expanded));
    const Result<void> sound = verify(expanded);
    ASSERT_TRUE(sound) << sound.error().message;
    EXPECT_EQ(find_head(expanded), nullptr);
    const Tensor picture = noise(Shape{1, 3, 64, 96}, 99);
    expect_same(output_of(lifted, picture), output_of(expanded, picture));
  }
}

TEST(Head, LiftingFindsWhatWasExpanded) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const Graph original = with_head(c.head, c.channels);
    Graph graph = original;
    ASSERT_TRUE(run_passes(graph, saving_passes(), kVerified));
    ASSERT_TRUE(run_passes(graph, cleanup_passes(), kVerified));
    const Result<void> lifted = lift_head(graph);
    ASSERT_TRUE(lifted) << lifted.error().message;
    const Result<void> sound = verify(graph);
    ASSERT_TRUE(sound) << sound.error().message;
    const Head& found = std::get<Head>(find_head(graph)->op);
    EXPECT_EQ(found.kind, c.head.kind);
    EXPECT_EQ(found.strides, c.head.strides);
    EXPECT_EQ(found.max_det == 0, c.head.max_det == 0);
    EXPECT_EQ(found.anchors.size(), c.head.anchors.size());
    const Tensor picture = noise(Shape{1, 3, 64, 96}, 7);
    expect_same(output_of(original, picture), output_of(graph, picture));
  }
}

TEST(Head, WhatIsNotProvenIsNotLifted) {
  Graph graph = with_head(anchor_free(BoxFormat::kCxcywh, 0), {16, 3});
  ASSERT_TRUE(expand_head(graph));
  // A decode that differs in one constant: boxes twice as large.
  const ValueId output = graph.outputs[0];
  const ValueId two = graph.add_constant("two", Tensor::from<float>(Shape{1}, {2.0f}));
  graph.outputs[0] = graph.add_node(Binary{BinaryKind::kMul, 0}, {output, two}, "doubled");
  ASSERT_TRUE(infer_shapes(graph));
  const Graph before = graph;
  const Result<void> lifted = lift_head(graph);
  ASSERT_FALSE(lifted);
  EXPECT_NE(lifted.error().message.find("other numbers"), std::string::npos);
  EXPECT_TRUE(same_graph(before, graph));
}

TEST(ResizeInput, GivesTheGraphOfTheOtherSize) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    Graph graph = with_head(c.head, c.channels);
    EXPECT_FALSE(resize_input(graph, 72, 96)) << "72 is no multiple of the largest stride";
    ASSERT_TRUE(resize_input(graph, 128, 32));
    ASSERT_TRUE(verify(graph));
    EXPECT_EQ(graph.metadata["imgsz"], "[128, 32]");
    const Result<std::vector<Tensor>> out =
        evaluate_graph(graph, std::vector{noise(Shape{1, 3, 128, 32}, 1)});
    EXPECT_TRUE(out);
  }
}

TEST(ResizeInput, RewritesAttentionReshapes) {
  Graph graph = with_head(anchor_free(BoxFormat::kCxcywh, 0), {16, 3});
  // (1, C, H, W) -> tokens -> areas and back, between a convolution and the head.
  Node& head = graph.nodes.back();
  const ValueId map = head.inputs[0];  // (1, 16, 8, 12)
  const auto reshape = [&](ValueId x, std::vector<int64_t> dims) {
    const ValueId shape = graph.add_constant(
        "dims", Tensor::from<int64_t>(Shape{static_cast<int64_t>(dims.size())}, dims));
    const ValueId y = graph.add_value("r");
    graph.nodes.insert(graph.nodes.end() - 1, Node{"r", Reshape{}, {x, shape}, {y}});
    return y;
  };
  ValueId y = reshape(map, {1, 2, 8, 96});
  y = reshape(y, {1, 16, 4, 24});
  y = reshape(y, {1, 16, 96});
  y = reshape(y, {4, 24, 2, 8});   // areas: 96 tokens of 16 channels, four at a time
  y = reshape(y, {1, 8, 12, 16});  // and back to a map, with a 1 in front
  const ValueId channels_first = graph.add_value("t");
  graph.nodes.insert(graph.nodes.end() - 1,
                     Node{"t", Transpose{{0, 3, 1, 2}}, {y}, {channels_first}});
  y = channels_first;
  graph.nodes.back().inputs[0] = y;
  ASSERT_TRUE(infer_shapes(graph));
  const Result<void> resized = resize_input(graph, 128, 64);
  ASSERT_TRUE(resized) << resized.error().message;
  EXPECT_EQ(*graph.value(find_head(graph)->inputs[0]).shape, (Shape{1, 16, 16, 8}));
}

}  // namespace
}  // namespace shrike
