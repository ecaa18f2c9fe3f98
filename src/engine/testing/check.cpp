#include "engine/testing/check.h"

#include <algorithm>
#include <cmath>

#include "ir/infer.h"
#include "reference/evaluate.h"

namespace shrike::testing {

namespace {

std::vector<Tensor> random_inputs(const Graph& graph, std::mt19937& random) {
  std::vector<Tensor> inputs;
  for (ValueId id : graph.inputs) inputs.push_back(random_tensor(*graph.value(id).shape, random));
  return inputs;
}

double range_of(std::span<const float> values) {
  double most = 0;
  for (float value : values) most = std::max(most, std::abs(static_cast<double>(value)));
  return most;
}

void expect_close(const Tensor& got, const Tensor& expected, const std::string& name) {
  ASSERT_EQ(got.dtype(), expected.dtype()) << name;
  ASSERT_EQ(got.shape(), expected.shape()) << name;
  if (got.dtype() != DType::kF32) {
    EXPECT_TRUE(got == expected) << name;
    return;
  }
  const auto a = got.data<float>(), b = expected.data<float>();
  const double tolerance = 1e-4 * range_of(b) + 1e-6;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    ASSERT_NEAR(a[i], b[i], tolerance) << name << " at " << i << " of " << to_string(got.shape());
  }
}

}  // namespace

Tensor random_tensor(const Shape& shape, std::mt19937& random, float low, float high) {
  std::uniform_real_distribution<float> uniform(low, high);
  Tensor tensor(DType::kF32, shape);
  for (float& value : tensor.mutable_data<float>()) value = uniform(random);
  return tensor;
}

ValueId add_conv(Graph& graph, ValueId x, int64_t out_channels, int64_t kernel, int64_t stride,
                 std::mt19937& random, int64_t groups, UnaryKind activation, ValueId residual) {
  const Result<void> known = infer_shapes(graph);
  EXPECT_TRUE(known) << known.error().message;
  const int64_t in_channels = (*graph.value(x).shape)[1];
  const float scale = 2.0f / std::sqrt(static_cast<float>(in_channels / groups * kernel * kernel));
  Conv conv;
  conv.strides = {stride, stride};
  conv.pads = std::vector<int64_t>(4, kernel / 2);
  conv.group = groups;
  conv.activation = activation;
  if (activation == UnaryKind::kLeakyRelu) conv.alpha = 0.1f;
  std::vector<ValueId> inputs = {
      x,
      graph.add_constant("w", random_tensor({out_channels, in_channels / groups, kernel, kernel},
                                            random, -scale, scale)),
      graph.add_constant("b", random_tensor({out_channels}, random))};
  if (residual != kNoValue) inputs.push_back(residual);
  const ValueId y = graph.add_node(conv, std::move(inputs), "conv");
  const Result<void> inferred = infer_shapes(graph);
  EXPECT_TRUE(inferred) << inferred.error().message;
  return y;
}

ValueId add_integer_conv(Graph& graph, ValueId x, int64_t out_channels, int64_t kernel,
                         int64_t stride, std::mt19937& random, int64_t groups, UnaryKind activation,
                         ValueId residual, DType to) {
  const Result<void> known = infer_shapes(graph);
  EXPECT_TRUE(known) << known.error().message;
  const int64_t inputs = (*graph.value(x).shape)[1] / groups;
  QConv conv;
  conv.strides = {stride, stride};
  conv.pads = std::vector<int64_t>(4, kernel / 2);
  conv.group = groups;
  conv.activation = activation;
  if (activation == UnaryKind::kLeakyRelu) conv.alpha = 0.1f;
  conv.x_scale = conv.y_scale = conv.residual_scale = 0.02f;
  conv.x_zero = conv.y_zero = conv.residual_zero = 100;
  conv.to = to;
  Tensor weights(DType::kI8, Shape{out_channels, inputs, kernel, kernel});
  std::uniform_int_distribution<int> any(-128, 127);
  for (int8_t& value : weights.mutable_data<int8_t>()) value = static_cast<int8_t>(any(random));
  const float scale = 0.02f / std::sqrt(static_cast<float>(inputs * kernel * kernel));
  std::vector<ValueId> given = {
      x, graph.add_constant("w", std::move(weights)),
      graph.add_constant("scales", random_tensor({out_channels}, random, scale / 2, scale)),
      graph.add_constant("b", Tensor(DType::kI32, Shape{out_channels}))};
  if (residual != kNoValue) given.push_back(residual);
  const ValueId y = graph.add_node(conv, std::move(given), "qconv");
  const Result<void> inferred = infer_shapes(graph);
  EXPECT_TRUE(inferred) << inferred.error().message;
  return y;
}

ValueId add_ints(Graph& graph, const std::vector<int64_t>& values) {
  return graph.add_constant(
      "ints", Tensor::from<int64_t>(Shape{static_cast<int64_t>(values.size())}, values));
}

std::optional<Session> check_graph(Graph graph, const CheckOptions& options) {
  const Result<void> inferred = infer_shapes(graph);
  EXPECT_TRUE(inferred) << inferred.error().message;
  if (!inferred) return std::nullopt;
  std::mt19937 random(options.seed);
  const std::vector<Tensor> other = random_inputs(graph, random);
  const std::vector<Tensor> inputs = random_inputs(graph, random);
  const auto expected = evaluate_graph(graph, inputs);
  EXPECT_TRUE(expected) << expected.error().message;
  Result<Session> made = Session::create(
      graph, {options.threads, options.nhwc_ports, options.inputs_used_up, options.memory});
  EXPECT_TRUE(made) << made.error().message;
  if (!expected || !made) return std::nullopt;
  Session session = *std::move(made);
  graph = Graph();  // a session needs it no more
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(session.run(other));
  const auto got = session.run(inputs);
  EXPECT_TRUE(got) << got.error().message;
  if (!got) return std::nullopt;
  for (size_t i = 0; i < expected->size(); ++i)
    expect_close((*got)[i], (*expected)[i], session.plan().outputs()[i].name);
  expect_sound_arena(session.plan());
  return session;
}

void expect_sound_arena(const Plan& plan) {
  const std::vector<Buffer>& buffers = plan.buffers();
  EXPECT_GE(plan.arena_bytes(), plan.arena_lower_bound());
  for (size_t i = 0; i < buffers.size(); ++i) {
    const Buffer& a = buffers[i];
    if (a.kind != BufferKind::kArena || a.first < 0) continue;
    EXPECT_EQ(a.offset % kTensorAlignment, 0u);
    EXPECT_LE(a.offset + a.bytes, plan.arena_bytes());
    for (size_t j = 0; j < i; ++j) {
      const Buffer& b = buffers[j];
      if (b.kind != BufferKind::kArena || b.first < 0) continue;
      if (a.last < b.first || b.last < a.first) continue;
      EXPECT_TRUE(a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset)
          << "buffers " << i << " and " << j;
    }
  }
}

std::vector<StepInfo> infos_of(const StepInfo& info) {
  std::vector<StepInfo> infos;
  for (const StepPart& part : info.parts) {
    if (part.op.empty()) return {info};  // convolutions
    StepInfo& one = infos.emplace_back();
    one.node = part.node, one.op = part.op, one.kernel = part.kernel;
  }
  return infos.empty() ? std::vector{info} : infos;
}

std::string kernel_of(const Session& session, const std::string& op) {
  for (const Plan::Entry& entry : session.plan().steps())
    for (const StepInfo& info : infos_of(entry.info))
      if (info.op == op) return info.kernel;
  return {};
}

size_t count_steps(const Session& session, const std::string& op) {
  size_t count = 0;
  for (const Plan::Entry& entry : session.plan().steps())
    for (const StepInfo& info : infos_of(entry.info)) count += info.op == op;
  return count;
}

}  // namespace shrike::testing
