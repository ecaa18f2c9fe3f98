// The passes of integers_test.cpp on 16-bit tensors.
#include <gtest/gtest.h>

#include "passes/passes.h"
#include "passes/quantized_network.h"

namespace shrike {
namespace {

using testing::checked;
using testing::count;
using testing::kStep;
using testing::kWordStep;
using testing::Network;

constexpr DType kWords[] = {DType::kI16, DType::kU16};

Graph fused(const Graph& graph) { return checked(graph, fuse_integer_conv, 1.01f * kWordStep); }

const Node* first_conv(const Graph& graph) {
  for (const Node& node : graph.nodes)
    if (std::holds_alternative<QConv>(node.op)) return &node;
  return nullptr;
}

TEST(FuseWordConv, WithWeightsOfWordsAndOfBytes) {
  for (const DType type : kWords)
    for (const bool small : {false, true})
      for (const UnaryKind kind : {UnaryKind::kIdentity, UnaryKind::kSilu}) {
        Network net(type);
        Conv conv;
        conv.pads = {1, 1, 1, 1};
        conv.strides = {2, 1};
        conv.activation = kind;
        const ValueId w =
            small ? net.weights(8, 4, 3) : net.weights<int16_t>(8, 4, 3, 32766);
        const ValueId y = net.graph.add_node(conv, {net.real(), w, net.bias(8)}, "y");
        const Graph g = fused(net.quantized(y));
        ASSERT_EQ(count<QConv>(g), 1);
        EXPECT_EQ(g.nodes.size(), 3u) << print_graph(g);
        EXPECT_EQ(g.value(first_conv(g)->inputs[1]).dtype, small ? DType::kI8 : DType::kI16);
        EXPECT_EQ(g.value(first_conv(g)->inputs[3]).dtype, DType::kI64);
      }
}

// Biases of ONNX are i32 in steps of x_scale * scale; of small steps those are too few, and the bias
// is a float.
TEST(FuseWordConv, BiasesOfIntegersAndBeyond32Bits) {
  for (const bool integers : {true, false}) {
    Network net(DType::kI16);
    const float step = 1e-6f;
    Tensor w(DType::kI16, Shape{2, 4, 1, 1});
    int16_t next = 0;
    for (int16_t& value : w.mutable_data<int16_t>()) value = next += 1000;
    const ValueId weights = net.graph.add_node(
        DequantizeLinear{}, {net.constant(std::move(w)), net.constant(Tensor::scalar(step))}, "w");
    ValueId bias = kNoValue;
    if (integers) {
      Tensor b(DType::kI32, Shape{2});
      b.mutable_data<int32_t>()[0] = 2000000000, b.mutable_data<int32_t>()[1] = -7;
      bias = net.graph.add_node(
          DequantizeLinear{},
          {net.constant(std::move(b)), net.constant(Tensor::scalar(step * net.in_step()))}, "b");
    } else {
      Tensor b(DType::kF32, Shape{2});
      b.mutable_data<float>()[0] = 1.5f, b.mutable_data<float>()[1] = -3.0f;
      bias = net.constant(std::move(b));
    }
    const ValueId y = net.graph.add_node(Conv{}, {net.real(), weights, bias}, "y");
    const Graph g = fused(net.quantized(y));
    ASSERT_EQ(count<QConv>(g), 1);
    const int64_t first = g.constant(first_conv(g)->inputs[3])->data<int64_t>()[0];
    if (integers) {
      EXPECT_NEAR(static_cast<double>(first), 2e9, 200);  // scales of floats
    } else {
      EXPECT_GT(first, int64_t{1} << 32);
    }
  }
}

TEST(FuseWordConv, FloatsBehindACurveNeedNoNodeOfTheirOwn) {
  Network net(DType::kU16);
  Conv conv;
  conv.activation = UnaryKind::kSilu;
  const ValueId y = net.graph.add_node(conv, {net.real(), net.weights(8, 4, 1)}, "y");
  const Graph g = checked(net.finish(y), fuse_integer_conv, 1e-4f);
  EXPECT_EQ(count<QConv>(g), 1);
  EXPECT_EQ(count<Unary>(g), 0);
}

TEST(FuseWordConv, TheLeastWeightStaysFloat) {
  Network net(DType::kI16);
  Tensor w(DType::kI16, Shape{1, 4, 1, 1});
  w.mutable_data<int16_t>()[2] = -32768;
  const ValueId weights = net.graph.add_node(
      DequantizeLinear{}, {net.constant(std::move(w)), net.constant(Tensor::scalar(1e-5f))}, "w");
  EXPECT_EQ(
      count<QConv>(fused(net.quantized(net.graph.add_node(Conv{}, {net.real(), weights}, "y")))),
      0);
}

// Bytes become words in a convolution; words become bytes behind one.
TEST(FuseWordConv, BetweenBytesAndWords) {
  Network net(DType::kU8);
  const ValueId y = net.graph.add_node(Conv{}, {net.real(), net.weights(4, 4, 3)}, "y");
  const ValueId scale = net.constant(Tensor::scalar(kWordStep));
  const ValueId zero = net.constant(Tensor::scalar(int16_t{-9}));
  const ValueId q = net.graph.add_node(QuantizeLinear{}, {y, scale, zero}, "words");
  const ValueId real = net.graph.add_node(DequantizeLinear{}, {q, scale, zero}, "real");
  const Graph widened = fused(net.finish(real));
  ASSERT_EQ(count<QConv>(widened), 1);
  EXPECT_EQ(std::get<QConv>(first_conv(widened)->op).to, DType::kI16);

  const ValueId z = net.graph.add_node(Conv{}, {real, net.weights(4, 4, 3)}, "z");
  const Graph narrowed = checked(net.quantized(z), fuse_integer_conv, 1.01f * kStep);
  EXPECT_EQ(count<QConv>(narrowed), 2);
  EXPECT_EQ(count<Conv>(narrowed), 0);
  EXPECT_EQ(count<QuantizeLinear>(narrowed), 2);
}

TEST(Words, AreMovedAndSettledAndAdded) {
  for (const DType type : kWords) {
    Network net(type);
    const ValueId x = net.real();
    const ValueId pooled = net.graph.add_node(
        MaxPool{.kernel_shape = {3, 3}, .pads = {1, 1, 1, 1}}, {x}, "pooled");
    const ValueId other = net.real(net.quantize(net.graph.inputs[0], 2e-4f, 77), 2e-4f, 77);
    const ValueId sum =
        net.graph.add_node(Binary{BinaryKind::kAdd, 0}, {pooled, other}, "sum");
    Graph g = checked(net.quantized(sum), sink_dequantize, 0);
    g = checked(g, settle_signs, 0);
    for (const Value& value : g.values) {
      if (!value.constant) {
        EXPECT_NE(value.dtype, DType::kU16) << value.name;
      }
    }
    g = checked(g, fuse_integer_add, 1.01f * kWordStep);
    EXPECT_EQ(count<QAdd>(g), 1);
    EXPECT_EQ(count<DequantizeLinear>(g), 1);
  }
}

}  // namespace
}  // namespace shrike
