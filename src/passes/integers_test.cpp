// The passes that turn QuantizeLinear and DequantizeLinear around operators into operators on
// integers: the numbers stay what they were.
#include <gtest/gtest.h>

#include "ir/text.h"
#include "passes/passes.h"
#include "passes/quantized_network.h"
#include "passes/read_bytes.h"

namespace shrike {
namespace {

using testing::checked;
using testing::count;
using testing::kStep;
using testing::Network;

Graph fused(const Graph& graph) { return checked(graph, fuse_integer_conv, 1.01f * kStep); }

TEST(FuseIntegerConv, WithBiasActivationAndQuantizedOutput) {
  for (const DType type : {DType::kU8, DType::kI8})
    for (const UnaryKind kind : {UnaryKind::kIdentity, UnaryKind::kSilu, UnaryKind::kLeakyRelu}) {
      Network net(type);
      Conv conv;
      conv.pads = {1, 1, 1, 1};
      conv.strides = {2, 1};
      conv.activation = kind;
      conv.alpha = 0.1f;
      const ValueId y =
          net.graph.add_node(conv, {net.real(), net.weights(8, 4, 3), net.bias(8)}, "y");
      const Graph g = fused(net.quantized(y));
      EXPECT_EQ(count<QConv>(g), 1);
      EXPECT_EQ(count<Conv>(g), 0);
      EXPECT_EQ(g.nodes.size(), 3u) << print_graph(g);
    }
}

TEST(FuseIntegerConv, GroupsAndFloatOutput) {
  Network net;
  Conv conv;
  conv.group = 2;
  const ValueId y = net.graph.add_node(conv, {net.real(), net.weights(6, 2, 2)}, "y");
  const Graph g = checked(net.finish(y), fuse_integer_conv, 1e-4f);
  ASSERT_EQ(count<QConv>(g), 1);
  EXPECT_EQ(count<DequantizeLinear>(g), 0);
}

TEST(FuseIntegerConv, DepthwiseOfBytesWithFloatOutputStaysFloat) {
  Network net;
  Conv conv;
  conv.group = 4;
  conv.pads = {1, 1, 1, 1};
  const ValueId y = net.graph.add_node(conv, {net.real(), net.weights(4, 1, 3)}, "y");
  const Graph g = checked(net.finish(y), fuse_integer_conv, 1e-4f);
  EXPECT_EQ(count<QConv>(g), 0);
  EXPECT_EQ(count<Conv>(g), 1);
  EXPECT_EQ(count<QConv>(fused(net.quantized(y))), 1) << "with bytes as output it does not";
}

TEST(FuseIntegerConv, CurvesAndResidualsBehindAFloatOutput) {
  Network net;
  Conv conv;
  conv.activation = UnaryKind::kSilu;
  const ValueId x = net.real();
  const ValueId y =
      net.graph.add_node(conv, {x, net.weights(4, 4, 1), net.bias(4), x}, "y");
  const Graph g = checked(net.finish(y), fuse_integer_conv, 1e-4f);
  ASSERT_EQ(count<QConv>(g), 1);
  EXPECT_EQ(count<Unary>(g), 1);
  EXPECT_EQ(count<Binary>(g), 1);
  for (const Node& node : g.nodes)
    if (const auto* fused = std::get_if<QConv>(&node.op)) {
      EXPECT_EQ(fused->activation, UnaryKind::kIdentity);
      EXPECT_EQ(node.inputs.size(), 4u);
    }
}

TEST(FuseIntegerConv, ResidualOfIntegers) {
  Network net;
  const ValueId x = net.real();
  const ValueId y = net.graph.add_node(
      Conv{}, {x, net.weights(4, 4, 1), net.bias(4), net.real(net.quantize(x, 0.1f, 90), 0.1f, 90)},
      "y");
  const Graph g = fused(net.quantized(y));
  ASSERT_EQ(count<QConv>(g), 1);
  EXPECT_EQ(std::get<QConv>(g.nodes[g.nodes.size() - 2].op).residual_scale, 0.1f);
}

TEST(FuseIntegerConv, UnsignedWeightsLoseTheirZeroPoint) {
  const auto with_zero = [](uint8_t zero) {
    Network net;
    Tensor w(DType::kU8, Shape{2, 4, 1, 1});
    uint8_t next = 100;
    for (uint8_t& value : w.mutable_data<uint8_t>()) value = next += 7;
    const ValueId weights =
        net.graph.add_node(DequantizeLinear{},
                           {net.constant(std::move(w)), net.constant(Tensor::scalar(0.01f)),
                            net.constant(Tensor::scalar(zero))},
                           "w");
    return fused(net.quantized(net.graph.add_node(Conv{}, {net.real(), weights}, "y")));
  };
  EXPECT_EQ(count<QConv>(with_zero(128)), 1);
  EXPECT_EQ(count<QConv>(with_zero(10)), 0);  // 156 - 10 is no i8
}

TEST(FuseIntegerConv, WhatOthersReadStaysFloat) {
  Network net;
  const ValueId y = net.graph.add_node(Conv{}, {net.real(), net.weights(4, 4, 1)}, "y");
  const ValueId q = net.real(net.quantize(y, kStep, 100), kStep, 100);
  const Graph g = checked(net.finish(net.graph.add_node(Binary{}, {y, q}, "sum")),
                          fuse_integer_conv, 1.01f * kStep);
  EXPECT_EQ(count<QConv>(g), 1);
  EXPECT_EQ(count<QuantizeLinear>(g), 2);
}

TEST(FuseIntegerConv, SumsThatCouldLeave32BitsStayFloat) {
  Network net;
  Tensor b(DType::kF32, Shape{4});
  for (float& value : b.mutable_data<float>()) value = 2e6f;  // 2^31 steps or so
  const ValueId y = net.graph.add_node(
      Conv{}, {net.real(), net.weights(4, 4, 1), net.constant(std::move(b))}, "y");
  EXPECT_EQ(count<QConv>(fused(net.quantized(y))), 0);
}

TEST(RaiseQuantize, PartsOfOtherScalesAreJoinedAsIntegers) {
  Network net;
  const ValueId other = net.real(net.quantize(net.graph.inputs[0], 0.1f, 3), 0.1f, 3);
  const ValueId both = net.graph.add_node(Concat{.axis = 1}, {net.real(), other}, "both");
  Graph g = checked(net.quantized(both), raise_quantize, 0);
  EXPECT_EQ(count<QuantizeLinear>(g), 4);
  ASSERT_TRUE(std::holds_alternative<Concat>(g.nodes[g.nodes.size() - 2].op));
  EXPECT_EQ(g.value(g.nodes[g.nodes.size() - 2].outputs[0]).dtype, DType::kU8);
  EXPECT_EQ(count<Lookup>(checked(g, fuse_byte_functions, 0)), 2);
}

TEST(RaiseQuantize, WhatOthersReadStays) {
  Network net;
  const ValueId both = net.graph.add_node(Concat{.axis = 1}, {net.real(), net.real()}, "both");
  const ValueId q = net.real(net.quantize(both, kStep, 100), kStep, 100);
  const Graph g =
      checked(net.finish(net.graph.add_node(Binary{}, {both, q}, "sum")), raise_quantize, 0);
  EXPECT_EQ(count<QuantizeLinear>(g), 2);
}

TEST(SinkDequantize, WhatMovesElementsWorksOnIntegers) {
  Network net;
  const ValueId x = net.real();
  const ValueId pooled = net.graph.add_node(MaxPool{.kernel_shape = {2, 2}}, {x}, "pooled");
  const ValueId turned = net.graph.add_node(Transpose{.perm = {0, 1, 3, 2}}, {pooled}, "turned");
  const ValueId back = net.graph.add_node(Transpose{.perm = {0, 1, 3, 2}}, {turned}, "back");
  const ValueId both = net.graph.add_node(Concat{.axis = 1}, {back, pooled}, "both");
  const ValueId again = net.real(net.quantize(both, 0.03f, 120), 0.03f, 120);
  const Graph g = checked(net.finish(again), sink_dequantize, 0);
  EXPECT_EQ(count<QuantizeLinear>(g), 1);
  EXPECT_EQ(count<DequantizeLinear>(g), 1);
}

TEST(SinkDequantize, OtherScalesStayApart) {
  Network net;
  const ValueId other = net.real(net.quantize(net.graph.inputs[0], 0.1f, 3), 0.1f, 3);
  const ValueId both = net.graph.add_node(Concat{.axis = 1}, {net.real(), other}, "both");
  const Graph g = checked(net.quantized(both), sink_dequantize, 0);
  EXPECT_EQ(count<DequantizeLinear>(g), 3);
}

TEST(SettleSigns, SameNumbers) {
  Network net(DType::kI8);
  const ValueId pooled =
      net.graph.add_node(MaxPool{.kernel_shape = {2, 2}, .pads = {1, 1, 0, 0}}, {net.q}, "pooled");
  QConv conv;
  conv.x_scale = 0.03f, conv.x_zero = 5, conv.to = DType::kI8, conv.y_scale = kStep;
  Tensor w(DType::kI8, Shape{4, 4, 1, 1});
  int8_t next = -100;
  for (int8_t& value : w.mutable_data<int8_t>()) value = next += 13;
  Tensor scales(DType::kF32, Shape{4});
  for (float& scale : scales.mutable_data<float>()) scale = 0.01f;
  const ValueId y = net.graph.add_node(
      conv, {pooled, net.constant(std::move(w)), net.constant(std::move(scales))}, "y");
  const Graph g = checked(net.finish(net.real(y, kStep, 0)), settle_signs, 0);
  for (const Value& value : g.values) {
    if (!value.constant) {
      EXPECT_NE(value.dtype, DType::kI8) << value.name;
    }
  }
}

TEST(SettleSigns, OutputsKeepTheirType) {
  Network net(DType::kI8);
  Graph g = net.finish(net.q);
  ASSERT_TRUE(settle_signs(g));
  EXPECT_EQ(g.value(g.outputs[0]).dtype, DType::kI8);
}

// x * sigmoid(x) as exporters of integers write it: each step between its own Q and DQ.
TEST(FuseByteFunctions, ActivationsInSteps) {
  Network net;
  const ValueId x = net.real();
  const ValueId gate = net.graph.add_node(Unary{UnaryKind::kSigmoid, 0, 0}, {x}, "gate");
  const ValueId kept = net.real(net.quantize(gate, 1.0f / 255, 0), 1.0f / 255, 0);
  const ValueId y = net.graph.add_node(Binary{BinaryKind::kMul, 0}, {x, kept}, "y");
  const Graph g = checked(net.quantized(y), fuse_byte_functions, 0);
  EXPECT_EQ(count<Lookup>(g), 1);
  EXPECT_EQ(g.nodes.size(), 3u) << print_graph(g);
}

TEST(FuseByteFunctions, TwoSourcesOrChannelsAreNoFunctionOfAByte) {
  Network two;
  const ValueId other = two.real(two.quantize(two.graph.inputs[0], 0.1f, 3), 0.1f, 3);
  const ValueId y = two.graph.add_node(Binary{BinaryKind::kMul, 0}, {two.real(), other}, "y");
  EXPECT_EQ(count<Lookup>(checked(two.quantized(y), fuse_byte_functions, 0)), 0);

  Network each;
  Tensor factors(DType::kF32, Shape{4, 1, 1});
  for (float& factor : factors.mutable_data<float>()) factor = 0.5f;
  const ValueId z = each.graph.add_node(Binary{BinaryKind::kMul, 0},
                                        {each.real(), each.constant(std::move(factors))}, "z");
  EXPECT_EQ(count<Lookup>(checked(each.quantized(z), fuse_byte_functions, 0)), 0);
}

TEST(FuseByteFunctions, AChangeOfScale) {
  Network net;
  const Graph g = checked(net.quantized(net.real()), fuse_byte_functions, 0);
  EXPECT_EQ(count<Lookup>(g), 1);
  EXPECT_EQ(count<QuantizeLinear>(g), 1);
}

TEST(ReadBytes, InPlaceOfTheDividedPicture) {
  for (const auto& [scale, tables] : {std::pair(1.0f / 255, 0), std::pair(0.03f, 1)}) {
    Network net;
    const ValueId q = net.quantize(net.graph.inputs[0], scale, 0);
    const Graph before = net.finish(net.real(q, scale, 0));
    Graph after = before;
    const Result<bool> read = read_bytes(after, 255);
    ASSERT_TRUE(read && *read);
    ASSERT_TRUE(verify(after));
    EXPECT_EQ(count<QuantizeLinear>(after), 0);
    EXPECT_EQ(count<Lookup>(after), tables);
    Tensor bytes(DType::kU8, *before.static_shape(before.inputs[0])), x(DType::kF32, bytes.shape());
    for (size_t i = 0; i < static_cast<size_t>(bytes.size()); ++i) {
      bytes.mutable_data<uint8_t>()[i] = static_cast<uint8_t>(i * 3);
      x.mutable_data<float>()[i] = static_cast<float>(bytes.data<uint8_t>()[i]) / 255;
    }
    const auto a = evaluate_graph(before, std::span(&x, 1));
    const auto b = evaluate_graph(after, std::span(&bytes, 1));
    ASSERT_TRUE(a && b);
    EXPECT_TRUE((*a)[0] == (*b)[0]);
  }
}

TEST(ReadBytes, NotWhereFloatsAreReadToo) {
  Network net;
  const ValueId x = net.graph.inputs[0];
  const ValueId sum = net.graph.add_node(Binary{}, {x, net.real()}, "sum");
  Graph graph = net.finish(sum);
  const Result<bool> read = read_bytes(graph, 255);
  ASSERT_TRUE(read);
  EXPECT_FALSE(*read);
  EXPECT_EQ(graph.value(graph.inputs[0]).dtype, DType::kF32);
}

TEST(FuseIntegerAdd, OfTwoScales) {
  Network net;
  const ValueId other = net.real(net.quantize(net.graph.inputs[0], 0.1f, 3), 0.1f, 3);
  const ValueId sum = net.graph.add_node(Binary{BinaryKind::kAdd, 0}, {net.real(), other}, "sum");
  const Graph g = checked(net.quantized(sum), fuse_integer_add, 1.01f * kStep);
  EXPECT_EQ(count<QAdd>(g), 1);
  EXPECT_EQ(count<Binary>(g), 0);
}

}  // namespace
}  // namespace shrike
