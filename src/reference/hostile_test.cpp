// Inputs as a hostile file may have them: an error that names operator and node, never a crash.
#include <gtest/gtest.h>

#include "reference/test_support.h"
#include "reference/work.h"

namespace shrike {
namespace {

using reference_test::floats;
using reference_test::ints;
using reference_test::noise;
using reference_test::run;

constexpr int64_t kHuge = int64_t{1} << 40;

void expect_refused(const std::string& op, const std::vector<Tensor>& inputs, size_t outputs = 1) {
  const auto y = run(op, inputs, outputs);
  ASSERT_FALSE(y) << op;
  EXPECT_EQ(y.error().kind, ErrorKind::kModel) << op;
  EXPECT_NE(y.error().message.find(op.substr(0, op.find(' '))), std::string::npos)
      << y.error().message;
  EXPECT_NE(y.error().message.find("the node"), std::string::npos) << y.error().message;
}

TEST(Hostile, IndicesOutOfRange) {
  const Tensor x = noise({3, 4});
  for (int64_t index : {int64_t{3}, int64_t{-4}, kHuge, INT64_MIN, INT64_MAX}) {
    expect_refused("Gather", {x, ints({0, index})});
    expect_refused("GatherElements", {x, Tensor::from<int64_t>(Shape{1, 2}, {0, index})});
    expect_refused("GatherND", {x, Tensor::from<int64_t>(Shape{1, 1}, {index})});
    expect_refused("ScatterND", {x, Tensor::from<int64_t>(Shape{1, 1}, {index}), noise({1, 4})});
    expect_refused("ScatterElements",
                   {x, Tensor::from<int64_t>(Shape{1, 1}, {index}), noise({1, 1})});
  }
  expect_refused("Gather", {noise({0, 4}), ints({0})});
  expect_refused("Gather", {x, floats({1}, {0})});
}

TEST(Hostile, ShapesThatDoNotFit) {
  const Tensor x = noise({3, 4});
  expect_refused("GatherElements axis=1", {x, Tensor(DType::kI64, Shape{4, 1})});
  expect_refused("ScatterElements", {x, Tensor(DType::kI64, Shape{1, 1}), noise({1, 2})});
  expect_refused("ScatterND", {x, Tensor(DType::kI64, Shape{2, 1}), noise({2, 3})});
  expect_refused("ScatterND", {x, Tensor(DType::kI64, Shape{2, 3}), noise({2})});
  expect_refused("ScatterND", {x, Tensor(DType::kI64, Shape{}), noise({})});
  expect_refused("ScatterND",
                 {x, Tensor(DType::kI64, Shape{1, 1}), Tensor(DType::kI64, Shape{1, 4})});
  expect_refused("GatherND batch_dims=1", {x, Tensor(DType::kI64, Shape{2, 1})});
  expect_refused("Reshape", {x, ints({5, -1})});
  expect_refused("Expand", {x, ints({3, 5})});
  expect_refused("Split", {x, ints({2, 2})}, 2);
  expect_refused("Split", {x, ints({4, -1})}, 2);
  expect_refused("Split", {x, ints({-1, 4})}, 2);
  expect_refused("Concat axis=2", {x, x});
  expect_refused("Tile", {x, ints({1})});
  expect_refused("Transpose perm=[0,0]", {x});
  expect_refused("Add", {x, noise({2, 4})});
  expect_refused("MatMul", {x, noise({3, 4})});
  expect_refused("TopK", {x, ints({5})}, 2);
  expect_refused("TopK", {x, ints({-1})}, 2);
  expect_refused("CumSum", {x, ints({2})});
  expect_refused("CumSum", {x, ints({})});
  expect_refused("ReduceMax", {x, ints({2})});
  expect_refused("ReduceMax", {noise({0, 4}), ints({0})});
  expect_refused("ArgMax", {noise({0, 4})});
  expect_refused("Softmax axis=2", {x});
  expect_refused("Slice", {x, ints({0, 0}), ints({1, 1}), ints({1, 1})});
  expect_refused("Slice", {x, ints({0}), ints({1}), ints({0}), ints({0})});
}

TEST(Hostile, SizesBeyondTheLimit) {
  const Tensor x = noise({2, 1});
  expect_refused("Expand", {x, ints({2, kHuge})});
  expect_refused("Expand", {x, ints({kHuge, 1, 1, kHuge})});
  expect_refused("Tile", {x, ints({1, kHuge})});
  expect_refused("Tile", {x, ints({1, INT64_MAX})});
  expect_refused("ConstantOfShape", {ints({kHuge, kHuge})});
  expect_refused("ConstantOfShape", {ints({-1})});
  expect_refused("Pad", {x, ints({0, 0, 0, kHuge})});
  expect_refused("Pad", {x, ints({0, 0, 0, INT64_MAX})});
  expect_refused("Range", {Tensor::scalar<int64_t>(0), Tensor::scalar<int64_t>(INT64_MAX),
                           Tensor::scalar<int64_t>(1)});
  expect_refused("Range", {Tensor::scalar(0.0f), Tensor::scalar(1.0f), Tensor::scalar(0.0f)});
  expect_refused("Resize", {noise({1, 1, 2, 2}), Tensor(), ints({1, 1, kHuge, 2})});
  expect_refused("Resize", {noise({1, 1, 2, 2}), floats({4}, {1, 1, 1e6f, 1e6f})});
  expect_refused("Reshape", {x, ints({kHuge, kHuge})});
  const auto small = run("Expand", {x, ints({2, 100})}, 1, {.max_tensor_bytes = 799});
  EXPECT_FALSE(small);
  EXPECT_TRUE(run("Expand", {x, ints({2, 100})}, 1, {.max_tensor_bytes = 800}));
}

TEST(Hostile, ZerosWithHugeExtentsTakeNoTime) {
  const Tensor none(DType::kF32, Shape{kHuge, 0, 128});
  EXPECT_TRUE(run("Transpose", {none}));
  EXPECT_TRUE(run("Add", {none, floats({1}, {1})}));
  EXPECT_TRUE(run("Concat axis=1", {none, none}));
  EXPECT_TRUE(run("Gather axis=1", {none, ints({})}));
  EXPECT_TRUE(run("Softmax axis=2", {none}));
  EXPECT_TRUE(run("Slice", {none, ints({1}), ints({kHuge})}));
  EXPECT_TRUE(run("Pad", {none, ints({1, 0, 0, 1, 0, 0})}));
  EXPECT_TRUE(run("CumSum", {none, ints({0})}));
  EXPECT_TRUE(run("NonZero", {none}));
  EXPECT_TRUE(run("Where", {Tensor(DType::kBool, Shape{1}), none, floats({1}, {1})}));
  expect_refused("ReduceMax", {none, ints({1})});
  expect_refused("TopK axis=1", {none, ints({1})}, 2);
}

TEST(Hostile, ArithmeticWithoutAnAnswer) {
  expect_refused("Div", {ints({1, 2}), ints({1, 0})});
  expect_refused("Mod", {ints({1, 2}), ints({0})});
  expect_refused("Mod", {noise({2}), noise({2})});
  expect_refused("Pad mode=reflect", {noise({2}), ints({2, 0})});
  expect_refused("Pad mode=edge", {noise({0}), ints({2, 0})});
  expect_refused("GlobalAveragePool", {noise({1, 1, 0, 2})});
  expect_refused("MaxPool kernel_shape=[2,2] pads=[2,0,0,0]", {noise({1, 1, 4, 4})});
  expect_refused("MaxPool kernel_shape=[2,2] dilations=[2,2] pads=[1,1,1,1]",
                 {noise({1, 1, 1, 1})});
}

TEST(Hostile, TypesAndCounts) {
  const Tensor x = noise({1, 2, 3, 3});
  expect_refused("Conv", {x});
  expect_refused("Conv", {x, Tensor(DType::kF64, Shape{1, 2, 1, 1})});
  expect_refused("Conv",
                 {Tensor(DType::kI64, Shape{1, 2, 3, 3}), Tensor(DType::kI64, Shape{1, 2, 1, 1})});
  expect_refused("Conv activation=Not", {x, noise({1, 2, 1, 1})});
  expect_refused("Sigmoid", {ints({1})});
  expect_refused("Sigmoid", {});
  expect_refused("Sigmoid", {Tensor()});
  expect_refused("Abs", {Tensor(DType::kBool, Shape{1})});
  expect_refused("Not", {ints({1})});
  expect_refused("And", {ints({1}), ints({1})});
  expect_refused("Add", {ints({1}), noise({1})});
  expect_refused("Clip", {noise({3}), ints({1})});
  expect_refused("Clip", {noise({3}), noise({2})});
  expect_refused("Pad", {noise({3}), ints({1, 1}), ints({1})});
  expect_refused("Where", {noise({3}), noise({3}), noise({3})});
  expect_refused("Range", {Tensor::scalar(0.0f), Tensor::scalar<int64_t>(1), Tensor::scalar(1.0f)});
  expect_refused("BatchNormalization", {x, noise({2}), noise({2}), noise({2}), noise({3})});
  expect_refused("NonMaxSuppression", {noise({1, 3, 4}), noise({1, 1, 2}), ints({1})});
  expect_refused("NonMaxSuppression", {noise({3, 4}), noise({1, 1, 3}), ints({1})});
  expect_refused("NonMaxSuppression",
                 {noise({1, 3, 4}), noise({1, 1, 3}), ints({1}), floats({1}, {1.5f})});
  expect_refused("Relu", {noise({1})}, 2);
}

// Steps that a few bytes ask for are refused before they are done.
TEST(Hostile, WorkIsCountedBeforeItIsDone) {
  const Tensor x = noise({1, 1, 64, 64}), k = noise({8, 1, 5, 5});
  const std::vector<const Tensor*> inputs = {&x, &k};
  const Shape y{1, 8, 60, 60};
  const double work = work_of(Conv{}, inputs, &y);
  EXPECT_GE(work, 8 * 60 * 60 * 25);
  const Node node{"the node", Conv{}, {0, 1}, {2}};
  double left = work;
  EXPECT_TRUE(evaluate_node_within(left, node, inputs));
  EXPECT_EQ(left, 0);
  const auto refused = evaluate_node_within(left, node, inputs);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "Conv node 'the node': takes too long to evaluate");

  const Tensor boxes = noise({1, 5000, 4}), scores = noise({1, 7, 5000}), all = ints({5000});
  const std::vector<const Tensor*> many = {&boxes, &scores, &all};
  EXPECT_GE(work_of(NonMaxSuppression{}, many, nullptr), 7.0 * 5000 * 5000);
  const std::vector<const Tensor*> few = {&boxes, &scores};
  EXPECT_LE(work_of(NonMaxSuppression{}, few, nullptr), 7.0 * 5000 * 100);
}

}  // namespace
}  // namespace shrike
