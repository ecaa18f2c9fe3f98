#include <gtest/gtest.h>

#include "ir/infer.h"
#include "ir/verify.h"
#include "passes/passes.h"

namespace shrike {
namespace {

constexpr int64_t kCount = int64_t{1} << 23;
constexpr size_t kBytes = size_t{8} << 23;  // of that many i64
constexpr int kLarge = 6;                   // together more than folding may hold
constexpr size_t kMostBytes = size_t{256} << 20;

ValueId large(Graph& g, ValueId shape, int64_t value) {
  ConstantOfShape filled;
  filled.value = Tensor::from<int64_t>(Shape{1}, {value});
  return g.add_node(filled, {shape}, "large");
}

ValueId largest_of(Graph& g, ValueId x) {
  return g.add_node(Reduce{ReduceKind::kMax, 0, 0}, {x}, "largest");
}

Graph with_shape(ValueId& shape) {
  Graph g;
  shape = g.add_constant("shape", Tensor::from<int64_t>(Shape{1}, {kCount}));
  return g;
}

size_t constant_bytes(const Graph& g) {
  size_t bytes = 0;
  for (const Value& value : g.values)
    if (value.constant) bytes += value.constant->byte_size();
  return bytes;
}

TEST(FoldConstants, WhatIsReadNoMoreMakesRoom) {
  ValueId shape;
  Graph g = with_shape(shape);
  for (int i = 0; i < kLarge; ++i) g.outputs.push_back(largest_of(g, large(g, shape, i)));
  ASSERT_TRUE(infer_shapes(g));
  ASSERT_TRUE(fold_constants(g));
  ASSERT_TRUE(verify(g));
  EXPECT_TRUE(g.nodes.empty());
  EXPECT_EQ(g.constant(g.outputs[4])->data<int64_t>()[0], 4);
}

TEST(FoldConstants, ManyLargeResultsStayNodes) {
  ValueId shape;
  Graph g = with_shape(shape);
  for (int i = 0; i < kLarge; ++i) g.outputs.push_back(large(g, shape, i));
  ASSERT_TRUE(infer_shapes(g));
  ASSERT_TRUE(fold_constants(g));
  ASSERT_TRUE(verify(g));
  EXPECT_EQ(g.nodes.size(), kLarge - kMostBytes / kBytes);
  EXPECT_LE(constant_bytes(g), kMostBytes + 64);
}

TEST(FoldConstants, OneThatIsTooLargeStaysANode) {
  Graph g;
  const ValueId shape =
      g.add_constant("shape", Tensor::from<int64_t>(Shape{1}, {(int64_t{1} << 24) + 1}));
  g.outputs = {large(g, shape, 1)};
  ASSERT_TRUE(infer_shapes(g));
  ASSERT_TRUE(fold_constants(g));
  EXPECT_EQ(g.nodes.size(), 1u);
}

// All boxes are kept, so each is compared with all before it.
TEST(FoldConstants, WhatTakesTooLongStaysANode) {
  for (const bool many : {false, true}) {
    Graph g;
    const int64_t boxes = many ? 50000 : 50;
    Tensor corners(DType::kF32, Shape{1, boxes, 4});
    for (int64_t i = 0; i < boxes; ++i) {
      float* box = corners.mutable_data<float>().data() + 4 * i;
      box[0] = static_cast<float>(2 * i);
      box[2] = box[0] + 1;
      box[3] = 1;
    }
    const ValueId b = g.add_constant("boxes", std::move(corners));
    const ValueId s = g.add_constant("scores", Tensor(DType::kF32, Shape{1, 1, boxes}));
    const ValueId most = g.add_constant("most", Tensor::from<int64_t>(Shape{1}, {boxes}));
    g.outputs = {g.add_node(NonMaxSuppression{}, {b, s, most}, "kept")};
    ASSERT_TRUE(infer_shapes(g));
    ASSERT_TRUE(fold_constants(g));
    EXPECT_EQ(g.nodes.size(), many ? 1u : 0u);
  }
}

// One tensor under many names, as external data can be, allows no more than it does under one.
TEST(FoldConstants, BytesUnderManyNamesCountOnce) {
  Graph g;
  const Tensor shared(DType::kF32, Shape{1, 1, 512, 512});
  for (int i = 0; i < 1000; ++i) g.add_constant("x", shared);
  MaxPool pool;
  pool.kernel_shape = {100, 100};
  g.outputs = {g.add_node(pool, {0}, "pooled")};
  ASSERT_TRUE(infer_shapes(g));
  ASSERT_TRUE(fold_constants(g));
  EXPECT_EQ(g.nodes.size(), 1u);
}

// A constant read twice lives until both readers are folded.
TEST(FoldConstants, SharedConstantsStayForTheirLastReader) {
  Graph g;
  const ValueId x = g.add_constant("x", Tensor::from<float>(Shape{2}, {1, 2}));
  const ValueId twice = g.add_node(Binary{BinaryKind::kAdd, 0}, {x, x}, "twice");
  const ValueId squared = g.add_node(Binary{BinaryKind::kMul, 0}, {twice, twice}, "squared");
  g.outputs = {twice, g.add_node(Binary{BinaryKind::kAdd, 0}, {squared, x}, "sum")};
  ASSERT_TRUE(infer_shapes(g));
  ASSERT_TRUE(fold_constants(g));
  ASSERT_TRUE(verify(g));
  EXPECT_TRUE(g.nodes.empty());
  EXPECT_EQ(g.constant(g.outputs[0])->data<float>()[1], 4);
  EXPECT_EQ(g.constant(g.outputs[1])->data<float>()[1], 18);
}

TEST(FoldConstants, IntegersStayUntilTheyAreWantedAsFloats) {
  Graph g;
  const auto constant = [&](const char* name, Tensor tensor) {
    return g.add_constant(name, std::move(tensor));
  };
  const ValueId q = constant("q", Tensor::from<int8_t>(Shape{2}, std::vector<int8_t>{-3, 4}));
  const ValueId scale = constant("scale", Tensor::scalar(0.5f));
  g.outputs.push_back(g.add_node(DequantizeLinear{}, {q, scale}, "real"));
  ASSERT_TRUE(infer_shapes(g));
  ASSERT_TRUE(fold_constants(g));
  EXPECT_EQ(g.nodes.size(), 1u);
  ASSERT_TRUE(fold_dequantized(g));
  EXPECT_TRUE(g.nodes.empty());
  EXPECT_EQ(g.constant(g.outputs[0])->data<float>()[1], 2.0f);
}

}  // namespace
}  // namespace shrike
