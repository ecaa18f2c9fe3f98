#include <gtest/gtest.h>

#include "ir/infer.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "passes/lift_head.h"
#include "passes/passes.h"
#include "passes/pipeline.h"
#include "passes/test_support.h"

namespace shrike {
namespace {

const PassOptions kVerified = {true, {}, nullptr};

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
    const Result<LiftedHead> lifted = lift_head(graph);
    ASSERT_TRUE(lifted) << lifted.error().message;
    EXPECT_FALSE(lifted->own_nms);
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

TEST(Head, RawMapsMayBeQuantised) {
  Graph graph = with_head(anchor_free(BoxFormat::kCxcywh, 0), {16, 3});
  const ValueId scale = graph.add_constant("scale", Tensor::scalar(0.05f));
  const ValueId zero = graph.add_constant("zero", Tensor::scalar(uint8_t{128}));
  std::vector<Node> nodes;
  nodes.swap(graph.nodes);
  for (Node& node : nodes) {
    if (std::holds_alternative<Head>(node.op))
      for (ValueId& map : node.inputs) {
        const ValueId q = graph.add_node(QuantizeLinear{}, {map, scale, zero}, "q");
        map = graph.add_node(DequantizeLinear{}, {q, scale, zero}, "map");
      }
    graph.nodes.push_back(std::move(node));
  }
  ASSERT_TRUE(infer_shapes(graph));
  const Graph original = graph;
  ASSERT_TRUE(run_passes(graph, saving_passes(), kVerified));
  const Result<LiftedHead> lifted = lift_head(graph);
  ASSERT_TRUE(lifted) << lifted.error().message;
  EXPECT_TRUE(verify(graph));
  const Tensor picture = noise(Shape{1, 3, 64, 96}, 7);
  expect_same(output_of(original, picture), output_of(graph, picture));
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
  const Result<LiftedHead> lifted = lift_head(graph);
  ASSERT_FALSE(lifted);
  EXPECT_NE(lifted.error().message.find("other numbers"), std::string::npos);
  EXPECT_TRUE(same_graph(before, graph));
}

// `decoded`, cxcywh and scores as v8 writes them, through the graph's own NMS.
ValueId own_nms(Graph& g, ValueId decoded) {
  const auto part = [&](int64_t from, int64_t to) {
    const auto ints = [&](int64_t x) {
      return g.add_constant("i", Tensor::from<int64_t>(Shape{1}, {x}));
    };
    return g.add_node(Slice{}, {decoded, ints(from), ints(to), ints(1)}, "part");
  };
  const ValueId boxes = g.add_node(Transpose{{0, 2, 1}}, {part(0, 4)}, "boxes");
  return g.add_node(NonMaxSuppression{1}, {boxes, part(4, 7)}, "kept");
}

TEST(Head, IsFoundBehindAnyOutputAndBeforeTheGraphsOwnNms) {
  Graph plain = with_head(anchor_free(BoxFormat::kCxcywh, 0), {16, 3});
  ASSERT_TRUE(run_passes(plain, saving_passes(), kVerified));
  ASSERT_TRUE(run_passes(plain, cleanup_passes(), kVerified));
  const ValueId decoded = plain.outputs[0];

  Graph second = plain;
  second.outputs = {second.add_node(Unary{UnaryKind::kNeg, 0, 0}, {decoded}, "negated"), decoded};
  ASSERT_TRUE(infer_shapes(second));
  const Result<LiftedHead> behind = lift_head(second);
  ASSERT_TRUE(behind) << behind.error().message;
  EXPECT_FALSE(behind->own_nms);
  EXPECT_EQ(second.outputs.size(), 2u);

  Graph ends_in_nms = plain;
  ends_in_nms.outputs = {own_nms(ends_in_nms, decoded)};
  ASSERT_TRUE(infer_shapes(ends_in_nms));
  const Result<LiftedHead> before = lift_head(ends_in_nms);
  ASSERT_TRUE(before) << before.error().message;
  EXPECT_TRUE(before->own_nms);
  ASSERT_NE(find_head(ends_in_nms), nullptr);
  EXPECT_EQ(ends_in_nms.outputs, find_head(ends_in_nms)->outputs);
}

// As exporters write it: the best class's score, boxes moved apart by class or not, NMS over all.
ValueId moved_nms(Graph& g, ValueId decoded, float distance, float iou) {
  const auto ints = [&](int64_t x) {
    return g.add_constant("i", Tensor::from<int64_t>(Shape{1}, {x}));
  };
  const auto number = [&](float x) {
    return g.add_constant("f", Tensor::from<float>(Shape{1}, {x}));
  };
  const ValueId boxes = g.add_node(Slice{}, {decoded, ints(0), ints(4), ints(1)}, "boxes");
  const ValueId scores = g.add_node(Slice{}, {decoded, ints(4), ints(7), ints(1)}, "scores");
  Reduce largest;
  largest.kind = ReduceKind::kMax;
  const ValueId best = g.add_node(largest, {scores, ints(1)}, "best");
  ArgMax which;
  which.axis = 1;
  const ValueId id = g.add_node(Cast{DType::kF32}, {g.add_node(which, {scores}, "id")}, "class");
  const ValueId offset = g.add_node(Binary{BinaryKind::kMul}, {id, number(distance)}, "offset");
  const ValueId moved = g.add_node(Binary{BinaryKind::kAdd}, {boxes, offset}, "moved");
  const ValueId turned = g.add_node(Transpose{{0, 2, 1}}, {moved}, "turned");
  const ValueId kept =
      g.add_node(NonMaxSuppression{1},
                 {turned, best, g.add_constant("most", Tensor::from<int64_t>(Shape{1}, {300})),
                  number(iou), number(0.25f)},
                 "kept");
  const ValueId index = g.add_node(Slice{}, {kept, ints(2), ints(3), ints(1)}, "index");
  return g.add_node(GatherND{}, {g.add_node(Transpose{{2, 1, 0}}, {best}, "list"), index}, "rows");
}

TEST(Head, TellsWhatTheGraphsOwnNmsDoes) {
  for (const bool agnostic : {false, true}) {
    Graph graph = with_head(anchor_free(BoxFormat::kCxcywh, 0), {16, 3});
    ASSERT_TRUE(run_passes(graph, saving_passes(), kVerified));
    ASSERT_TRUE(run_passes(graph, cleanup_passes(), kVerified));
    graph.outputs = {moved_nms(graph, graph.outputs[0], agnostic ? 0 : 4096, 0.6f)};
    ASSERT_TRUE(infer_shapes(graph));
    const Result<LiftedHead> lifted = lift_head(graph);
    ASSERT_TRUE(lifted) << lifted.error().message;
    ASSERT_TRUE(lifted->own_nms);
    EXPECT_EQ(lifted->own_nms->agnostic, agnostic);
    EXPECT_EQ(lifted->own_nms->iou, 0.6f);
  }
}

// What is behind the NMS may read the picture, which is not there when it is asked.
TEST(Head, LeavesANmsAloneThatReadsThePicture) {
  Graph graph = with_head(anchor_free(BoxFormat::kCxcywh, 0), {16, 3});
  ASSERT_TRUE(run_passes(graph, saving_passes(), kVerified));
  ASSERT_TRUE(run_passes(graph, cleanup_passes(), kVerified));
  const ValueId rows = moved_nms(graph, graph.outputs[0], 0, 0.6f);
  const ValueId turned = graph.add_node(Transpose{{0, 2, 3, 1}}, {graph.inputs[0]}, "turned");
  Reduce largest;
  largest.kind = ReduceKind::kMax;
  largest.keepdims = 0;
  const ValueId most = graph.add_node(largest, {turned}, "most");
  graph.outputs = {graph.add_node(Binary{BinaryKind::kMul}, {rows, most}, "scaled")};
  ASSERT_TRUE(infer_shapes(graph));
  const Result<LiftedHead> lifted = lift_head(graph);
  ASSERT_TRUE(lifted) << lifted.error().message;
  ASSERT_TRUE(lifted->own_nms);
  EXPECT_FALSE(lifted->own_nms->agnostic);
}

}  // namespace
}  // namespace shrike
