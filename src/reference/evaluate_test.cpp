#include "reference/evaluate.h"

#include <gtest/gtest.h>

#include "ir/text.h"
#include "reference/test_support.h"

namespace shrike {
namespace {

using reference_test::floats;

Graph parsed(const std::string& text) {
  Result<Graph> graph = parse_graph(text, "test");
  EXPECT_TRUE(graph) << graph.error().message;
  return graph ? *std::move(graph) : Graph{};
}

TEST(EvaluateGraph, RunsNodesInOrder) {
  const Graph g = parsed(R"(
input %x: f32[?,2]
const %one: f32[] = [1]
%a: ? = Add(%x, %one)
%b: ?, _ = Split(%a, _) axis=1
%c: ? = Mul(%b, %b)
%unused: ? = Neg(%c)
output %c
output %a
output %x
output %one
output %c
)");
  const std::vector<Tensor> inputs = {floats({2, 2}, {1, 2, 3, 4})};
  const auto y = evaluate_graph(g, inputs);
  ASSERT_TRUE(y) << y.error().message;
  ASSERT_EQ(y->size(), 5u);
  EXPECT_EQ((*y)[0], floats({2, 1}, {4, 16}));
  EXPECT_EQ((*y)[1], floats({2, 2}, {2, 3, 4, 5}));
  EXPECT_EQ((*y)[2], inputs[0]);
  EXPECT_EQ((*y)[3], floats({}, {1}));
  EXPECT_EQ((*y)[4], (*y)[0]);
}

TEST(EvaluateGraph, ChecksItsInputs) {
  const Graph g = parsed("input %x: f32[?,2]\n%y: ? = Relu(%x)\noutput %y\n");
  EXPECT_FALSE(evaluate_graph(g, {}));
  for (const Tensor& x : {floats({2, 3}, std::vector<float>(6)), floats({2}, {1, 2}),
                          Tensor(DType::kF64, Shape{1, 2})}) {
    const auto y = evaluate_graph(g, std::vector<Tensor>{x});
    ASSERT_FALSE(y);
    EXPECT_EQ(y.error().kind, ErrorKind::kInput);
    EXPECT_NE(y.error().message.find("'x'"), std::string::npos) << y.error().message;
  }
  EXPECT_TRUE(evaluate_graph(g, std::vector<Tensor>{Tensor(DType::kF32, Shape{0, 2})}));
}

TEST(EvaluateGraph, ErrorsNameTheNode) {
  const Graph g =
      parsed("input %x: f32[2]\n%y: ? = Gather(%x, %x) @\"/model/Gather\"\noutput %y\n");
  const auto y = evaluate_graph(g, std::vector<Tensor>{floats({2}, {0, 1})});
  ASSERT_FALSE(y);
  EXPECT_NE(y.error().message.find("Gather node '/model/Gather'"), std::string::npos)
      << y.error().message;
}

TEST(EvaluateNode, GivesATensorForEveryOutput) {
  const auto y =
      reference_test::run("TopK", {floats({3}, {1, 3, 2}), reference_test::ints({2})}, 2);
  ASSERT_TRUE(y) << y.error().message;
  ASSERT_EQ(y->size(), 2u);
  EXPECT_EQ((*y)[0], floats({2}, {3, 2}));
  EXPECT_EQ(
      reference_test::run("TopK", {floats({3}, {1, 3, 2}), reference_test::ints({2})})->size(), 1u);
}

}  // namespace
}  // namespace shrike
