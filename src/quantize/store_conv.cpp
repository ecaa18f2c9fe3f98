#include "quantize/store_conv.h"

namespace shrike {

namespace {

ValueId dequantized(Graph& graph, const std::string& name, const Tensor& q, const Tensor& scales,
                    std::vector<Node>& nodes) {
  const ValueId integers = graph.add_constant(name + ".q", q);
  const ValueId scale = graph.add_constant(name + ".scales", scales);
  const ValueId real = graph.add_value(name + ".dq");
  Node node{"", DequantizeLinear{0}, {integers, scale}, {real}};
  // Though they are all 0: where weights have none, ONNX Runtime 1.32 makes a single one, and
  // then refuses it; where weights share them, it replaces them twice, and refuses that.
  if (q.dtype() != DType::kI32)
    node.inputs.push_back(graph.add_constant(name + ".zeros", Tensor(q.dtype(), scales.shape())));
  nodes.push_back(std::move(node));
  return real;
}

}  // namespace

void store_conv(Graph& graph, Node& node, const IntegerConv& conv, float x_scale,
                const StoredNames& names, std::vector<Node>& nodes) {
  const ChannelWeights weights =
      conv.bias.empty() ? conv.weights : with_room_for(conv.bias, x_scale, conv.weights);
  node.inputs[1] = dequantized(graph, names.weights, weights.q, weights.scales, nodes);
  if (conv.bias.empty()) return;
  Tensor steps(DType::kF32, weights.scales.shape());
  for (size_t o = 0; o < steps.mutable_data<float>().size(); ++o)
    steps.mutable_data<float>()[o] = weights.scales.data<float>()[o] * x_scale;
  if (node.inputs.size() < 3) node.inputs.resize(3);
  node.inputs[2] =
      dequantized(graph, names.bias, bias_steps(&conv.bias, x_scale, weights.scales), steps, nodes);
}

}  // namespace shrike
