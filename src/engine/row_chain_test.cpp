// Steps whose rows are made of the same rows of what comes before, as one step.
#include "engine/row_chain.h"

#include <gtest/gtest.h>

#include "engine/testing/check.h"
#include "ir/infer.h"

namespace shrike {
namespace {

using testing::check_graph;
using testing::count_steps;

// A head of Darknet's: of each anchor's channels two are centres, two sizes, the others scores.
struct Head {
  explicit Head(int64_t height = 16, int64_t width = 12, int64_t batch = 2) {
    const int64_t rows = height * width, anchors = 3;
    const auto ints = [&](const std::vector<int64_t>& v) { return testing::add_ints(graph, v); };
    x = graph.add_input("x", DType::kF32, Shape{batch, 32, height, width});
    const ValueId raw = testing::add_conv(graph, x, anchors * 85, 1, 1, random);
    const ValueId grouped =
        graph.add_node(Reshape{}, {raw, ints({batch, anchors, 85, rows})}, "grouped");
    const ValueId all = graph.add_node(Transpose{{0, 1, 3, 2}}, {grouped}, "rows");
    const ValueId xy = graph.add_value("xy"), wh = graph.add_value("wh");
    const ValueId scores = graph.add_value("logits");
    graph.nodes.push_back({"", Split{3}, {all, ints({2, 2, 81})}, {xy, wh, scores}});
    const auto sigmoid = [&](ValueId id) {
      return graph.add_node(Unary{UnaryKind::kSigmoid}, {id}, "sigmoid");
    };
    const ValueId cells =
        graph.add_constant("cells", testing::random_tensor(Shape{1, 1, rows, 2}, random));
    const ValueId sizes =
        graph.add_constant("sizes", testing::random_tensor(Shape{1, anchors, 1, 2}, random));
    const ValueId centre = graph.add_node(Binary{BinaryKind::kAdd}, {sigmoid(xy), cells}, "centre");
    const ValueId size =
        graph.add_node(Binary{BinaryKind::kMul},
                       {graph.add_node(Unary{UnaryKind::kExp}, {wh}, "exp"), sizes}, "size");
    decoded = graph.add_node(Concat{3}, {centre, size, sigmoid(scores)}, "decoded");
    graph.outputs = {decoded};
  }
  std::mt19937 random{4};
  Graph graph;
  ValueId x, decoded;
};

TEST(RowChain, OneStepOfAHead) {
  for (const int threads : {1, 2, 3, 64}) {
    const auto session = check_graph(Head().graph, {.threads = threads});
    ASSERT_TRUE(session);
    const std::vector<Plan::Entry>& steps = session->plan().steps();
    EXPECT_TRUE(steps.back().info.kernel.ends_with(" by rows")) << steps.back().info.kernel;
    EXPECT_EQ(steps.back().info.op, "Copy to Concat");
    EXPECT_EQ(steps.back().info.parts.size(), 8u);
    EXPECT_EQ(count_steps(*session, "Sigmoid"), 2u);
  }
}

TEST(RowChain, SameBitsForAnyThreads) {
  Head head(7, 13);
  ASSERT_TRUE(infer_shapes(head.graph));
  const Tensor input = testing::random_tensor(*head.graph.value(head.x).shape, head.random, -9, 9);
  std::vector<Tensor> outputs;
  for (const int threads : {1, 2, 3, 5}) {
    Result<Session> session = Session::create(head.graph, {.threads = threads});
    ASSERT_TRUE(session);
    const auto result = session->run(std::span(&input, 1));
    ASSERT_TRUE(result);
    outputs.push_back((*result)[0]);
  }
  for (const Tensor& output : outputs) EXPECT_TRUE(output == outputs[0]);
}

// Rows that another step has turned around are not those that were made.
TEST(RowChain, EndsWhereRowsAreOthers) {
  for (const bool turned : {false, true}) {
    Graph graph;
    const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 1, 200, 200});
    ValueId y = graph.add_node(Unary{UnaryKind::kExp}, {x}, "exp");
    if (turned) y = graph.add_node(Transpose{{0, 1, 3, 2}}, {y}, "turned");
    graph.outputs = {graph.add_node(Unary{UnaryKind::kSigmoid}, {y}, "known")};
    const auto session = check_graph(graph, {.threads = 3});
    ASSERT_TRUE(session);
    EXPECT_EQ(testing::infos_of(session->plan().steps().back().info).front().op,
              turned ? "Copy" : "Exp");
  }
}

// A Concat of rows joins what lies below each other: it begins no chain.
TEST(RowChain, NoneOfJoinedRows) {
  for (const int axis : {1, 2}) {
    Graph graph;
    const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 64, 64});
    const ValueId y = graph.add_input("y", DType::kF32, Shape{1, 64, 64});
    const ValueId both = graph.add_node(Concat{axis}, {x, y}, "both");
    graph.outputs = {graph.add_node(Unary{UnaryKind::kExp}, {both}, "known")};
    const auto session = check_graph(graph, {.threads = 2});
    ASSERT_TRUE(session);
    EXPECT_EQ(session->plan().steps().size(), axis == 1 ? 2u : 1u);
  }
}

// Whether Pow with an exponent for all multiplies, or asks for a logarithm, depends on how many
// elements lie together: of so many steps a share is one row, whose elements lie apart.
TEST(RowChain, PowersHaveTheSameBits) {
  std::mt19937 random(5);
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{16, 2, 1});
  Tensor three(DType::kF32, Shape{1});
  three.mutable_data<float>()[0] = 3;
  ValueId y = x;
  for (int i = 0; i < 300; ++i) y = graph.add_node(Unary{UnaryKind::kRelu}, {y}, "positive");
  graph.outputs = {
      graph.add_node(Binary{BinaryKind::kPow}, {y, graph.add_constant("three", three)}, "cubes")};
  ASSERT_TRUE(infer_shapes(graph));
  const Tensor input = testing::random_tensor(Shape{16, 2, 1}, random, 0, 1);
  std::vector<Tensor> outputs;
  for (const int threads : {1, 2}) {
    Result<Session> session = Session::create(graph, {.threads = threads});
    ASSERT_TRUE(session);
    const auto result = session->run(std::span(&input, 1));
    ASSERT_TRUE(result);
    outputs.push_back((*result)[0]);
  }
  EXPECT_TRUE(outputs[0] == outputs[1]);
}

// All that a chain makes lives together: it ends before that is much.
TEST(RowChain, HoldsLittle) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 4, 256, 256});
  ValueId y = x;
  for (int i = 0; i < 9; ++i) y = graph.add_node(Unary{UnaryKind::kSigmoid}, {y}, "y");
  graph.outputs = {y};
  const auto session = check_graph(graph);
  ASSERT_TRUE(session);
  for (const Plan::Entry& entry : session->plan().steps()) EXPECT_LE(entry.info.parts.size(), 2u);
  EXPECT_LE(session->plan().arena_bytes(), size_t{4 << 20});
}

TEST(RowChain, WhatFits) {
  EXPECT_TRUE(fits_chain(Shape{1, 3, 676, 85}));
  EXPECT_TRUE(fits_chain(Shape{1, 80, 2100}));
  EXPECT_FALSE(fits_chain(Shape{1, 84, 8400})) << "many elements";
  EXPECT_FALSE(fits_chain(Shape{1, 4, 40, 400})) << "few rows";
  EXPECT_FALSE(fits_chain(Shape{1, 2048, 64, 2})) << "rows in many pieces";
  EXPECT_TRUE(fits_chain(Shape{1, 3, 4, 4})) << "of few elements";
  EXPECT_FALSE(fits_chain(Shape{84}));
}

TEST(RowChain, SharesByWork) {
  const auto shares = [](const Shape& shape, int steps, int threads) {
    RowChain chain;
    for (int i = 0; i < steps; ++i)
      chain.append(shape, [](int64_t, int64_t) { return std::unique_ptr<Step>(); });
    return chain.divide(threads);
  };
  EXPECT_EQ(shares(Shape{1, 3, 400, 81}, 2, 2), 2);
  EXPECT_EQ(shares(Shape{1, 3, 400, 81}, 2, 64), 47);
  EXPECT_EQ(shares(Shape{1, 80, 2100}, 2, 64), 64);
  EXPECT_EQ(shares(Shape{1, 100, 8}, 4, 64), 1);
  EXPECT_EQ(shares(Shape{1, 3, 4096}, 2, 64), 3) << "rows";
}

}  // namespace
}  // namespace shrike
