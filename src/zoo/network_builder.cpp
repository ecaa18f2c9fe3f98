#include "zoo/network_builder.h"

#include <cassert>

#include "ir/infer.h"
#include "ir/verify.h"

namespace shrike::zoo {

NetworkBuilder::NetworkBuilder(int64_t height, int64_t width, Unary activation, float epsilon)
    : activation_(activation), epsilon_(epsilon) {
  graph_.add_input("images", DType::kF32, Shape{1, 3, height, width});
}

ValueId NetworkBuilder::node(const std::string& name, Op op, std::vector<ValueId> inputs) {
  const std::string operator_name(op_name(op));
  const ValueId output = graph_.add_node(std::move(op), std::move(inputs), name);
  graph_.nodes.back().name = name + "/" + operator_name;
  const Result<void> inferred = infer_node(graph_, graph_.nodes.back());
  assert(inferred);
  (void)inferred;
  return output;
}

ValueId NetworkBuilder::floats(const std::string& name, Shape shape, float value) {
  const auto count = static_cast<size_t>(*shape.element_count());
  return graph_.add_constant(
      name, Tensor::from<float>(std::move(shape), std::vector<float>(count, value)));
}

ValueId NetworkBuilder::ints(const std::string& name, const std::vector<int64_t>& values) {
  return graph_.add_constant(
      name, Tensor::from<int64_t>(Shape{static_cast<int64_t>(values.size())}, values));
}

ValueId NetworkBuilder::scalar(const std::string& name, float value) {
  return graph_.add_constant(name, Tensor::scalar(value));
}

ValueId NetworkBuilder::conv_without_activation(const std::string& name, ValueId x,
                                                const ConvShape& shape) {
  Conv op;
  op.strides = {shape.stride, shape.stride};
  op.pads = std::vector<int64_t>(4, shape.kernel / 2);
  // YOLOv5's 6x6 layer of stride 2 is padded by 2: as many outputs as half the inputs.
  if (shape.kernel % 2 == 0) op.pads = std::vector<int64_t>(4, (shape.kernel - shape.stride) / 2);
  op.group = shape.group;
  const ValueId weights =
      floats(name + ".conv.weight",
             Shape{shape.out, channels(x) / shape.group, shape.kernel, shape.kernel}, 0);
  const ValueId z = node(name + ".conv", op, {x, weights});
  const Shape one_a_channel{shape.out};
  const ValueId scale = floats(name + ".bn.weight", one_a_channel, 1),
                shift = floats(name + ".bn.bias", one_a_channel, 0),
                mean = floats(name + ".bn.running_mean", one_a_channel, 0),
                variance = floats(name + ".bn.running_var", one_a_channel, 1);
  return node(name + ".bn", BatchNorm{epsilon_}, {z, scale, shift, mean, variance});
}

ValueId NetworkBuilder::conv(const std::string& name, ValueId x, const ConvShape& shape) {
  return node(name + ".act", activation_, {conv_without_activation(name, x, shape)});
}

ValueId NetworkBuilder::predictor(const std::string& name, ValueId x, int64_t out) {
  const ValueId weights = floats(name + ".weight", Shape{out, channels(x), 1, 1}, 0),
                bias = floats(name + ".bias", Shape{out}, 0);
  return node(name, Conv{}, {x, weights, bias});
}

ValueId NetworkBuilder::max_pool(const std::string& name, ValueId x, int64_t kernel,
                                 int64_t stride) {
  MaxPool op;
  op.kernel_shape = {kernel, kernel};
  op.strides = {stride, stride};
  // Darknet's: an even window reaches over the right and lower edge only.
  const int64_t before = (kernel - 1) / 2, after = kernel - 1 - before;
  op.pads = stride == 1 ? std::vector<int64_t>{before, before, after, after}
                        : std::vector<int64_t>(4, before);
  return node(name, op, {x});
}

ValueId NetworkBuilder::upsample(const std::string& name, ValueId x) {
  Resize op;
  op.coordinate_transformation_mode = CoordinateMode::kAsymmetric;
  op.nearest_mode = NearestMode::kFloor;
  const ValueId scales =
      graph_.add_constant(name + ".scales", Tensor::from<float>(Shape{4}, {1, 1, 2, 2}));
  return node(name, op, {x, scales});
}

ValueId NetworkBuilder::concat(const std::string& name, std::vector<ValueId> parts, int64_t axis) {
  return node(name, Concat{axis}, std::move(parts));
}

std::vector<ValueId> NetworkBuilder::split(const std::string& name, ValueId x,
                                           const std::vector<int64_t>& sizes, int64_t axis) {
  Node made{name + "/Split", Split{axis}, {x, ints(name + ".sizes", sizes)}, {}};
  for (size_t i = 0; i < sizes.size(); ++i)
    made.outputs.push_back(graph_.add_value(name + "." + std::to_string(i)));
  const Result<void> inferred = infer_node(graph_, made);
  assert(inferred);
  (void)inferred;
  graph_.nodes.push_back(made);
  return made.outputs;
}

ValueId NetworkBuilder::add(const std::string& name, ValueId a, ValueId b) {
  return node(name, Binary{BinaryKind::kAdd, 0}, {a, b});
}

Graph NetworkBuilder::finish(const Head& head, std::vector<ValueId> maps) {
  const ValueId output = node("output0", head, std::move(maps));
  graph_.outputs = {output};
  assert(verify(graph_));
  return std::move(graph_);
}

}  // namespace shrike::zoo
