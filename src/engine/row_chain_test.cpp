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
    const ValueId size = graph.add_node(
        Binary{BinaryKind::kMul}, {graph.add_node(Unary{UnaryKind::kExp}, {wh}, "exp"), sizes},
        "size");
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
    EXPECT_EQ(steps.back().info.kernel, "by rows");
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

// A Concat of rows joins what lies below each other, which other threads have made.
TEST(RowChain, EndsWhereRowsAreJoined) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 64, 5});
  const ValueId a = graph.add_node(Unary{UnaryKind::kExp}, {x}, "a");
  const ValueId b = graph.add_node(Unary{UnaryKind::kSigmoid}, {a}, "b");
  graph.outputs = {graph.add_node(Concat{1}, {a, b}, "both")};
  const auto session = check_graph(graph, {.threads = 2});
  ASSERT_TRUE(session);
  EXPECT_EQ(session->plan().steps().front().info.parts.size(), 2u);
  EXPECT_TRUE(session->plan().steps().back().info.parts.empty());
}

TEST(RowChain, NotOfWhatIsWorthDividingAlone) {
  EXPECT_EQ(row_shares(Shape{1, 3, 400, 85}, 2), 2);
  EXPECT_EQ(row_shares(Shape{1, 3, 400, 85}, 64), 18);
  EXPECT_EQ(row_shares(Shape{1, 3, 10, 2}, 64), 1);
  EXPECT_EQ(row_shares(Shape{1, 10, 85}, 2), 1);
  EXPECT_EQ(row_shares(Shape{1, 84, 8400}, 2), 0);
  EXPECT_EQ(row_shares(Shape{84}, 2), 0);
}

}  // namespace
}  // namespace shrike
