// Steps on 16-bit integers next to the reference: each operator alone, as in integers_test.cpp.
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <random>

#include "engine/testing/check.h"
#include "ir/infer.h"
#include "reference/evaluate.h"

namespace shrike {
namespace {

using testing::expect_sound_arena;
using testing::kernel_of;

Tensor random_integers(DType type, const Shape& shape, std::mt19937& random) {
  Tensor tensor(type, shape);
  if (type == DType::kU8) {
    for (uint8_t& value : tensor.mutable_data<uint8_t>()) value = static_cast<uint8_t>(random());
  } else {
    for (int16_t& value : tensor.mutable_data<int16_t>()) value = static_cast<int16_t>(random());
  }
  return tensor;
}

ValueId constant(Graph& graph, Tensor tensor) { return graph.add_constant("c", std::move(tensor)); }

// A convolution of x whose sums spread over the range of y.
struct ConvForm {
  int64_t channels = 20, kernel = 3, group = 1;
  DType weights = DType::kI16, to = DType::kI16;
  UnaryKind activation = UnaryKind::kIdentity;
  ValueId residual = kNoValue;
};

template <typename T>
Tensor random_weights(const Shape& shape, int most, std::mt19937& random) {
  Tensor weights(kDTypeOf<T>, shape);
  std::uniform_int_distribution<int> any(-most, most);
  for (T& value : weights.mutable_data<T>()) value = static_cast<T>(any(random));
  return weights;
}

ValueId add_conv(Graph& graph, ValueId x, const ConvForm& form, std::mt19937& random) {
  EXPECT_TRUE(infer_shapes(graph));
  const bool bytes = graph.value(x).dtype == DType::kU8;
  const int64_t inputs = (*graph.value(x).shape)[1] / form.group;
  QConv conv;
  conv.pads = std::vector<int64_t>(4, form.kernel / 2);
  conv.group = form.group;
  conv.activation = form.activation;
  conv.x_scale = bytes ? 0.02f : 1e-4f, conv.x_zero = bytes ? 100 : -700;
  conv.to = form.to;
  conv.y_scale = conv.residual_scale = 1e-4f;
  conv.y_zero = 300, conv.residual_zero = -1;
  const Shape shape{form.channels, inputs, form.kernel, form.kernel};
  const bool small = form.weights == DType::kI8;
  const int most = small ? 127 : 32767;
  Tensor scales(DType::kF32, Shape{form.channels});
  for (float& scale : scales.mutable_data<float>())
    scale = std::uniform_real_distribution<float>(0.5f, 1)(random) /
            (static_cast<float>(most) *
             std::sqrt(static_cast<float>(inputs * form.kernel * form.kernel)));
  Tensor bias(DType::kI64, Shape{form.channels});
  for (size_t o = 0; o < static_cast<size_t>(form.channels); ++o)
    bias.mutable_data<int64_t>()[o] = static_cast<int64_t>(
        std::uniform_real_distribution<float>(-1, 1)(random) /
        (conv.x_scale * scales.data<float>()[o]));
  std::vector<ValueId> given = {x,
                                constant(graph, small ? random_weights<int8_t>(shape, most, random)
                                                      : random_weights<int16_t>(shape, most, random)),
                                constant(graph, std::move(scales)), constant(graph, std::move(bias))};
  if (form.residual != kNoValue) given.push_back(form.residual);
  return graph.add_node(conv, std::move(given), "qconv");
}

// How many values lie a step from the reference's; none lies further.
int64_t steps_apart(const Tensor& got, const Tensor& expected) {
  EXPECT_EQ(got.dtype(), expected.dtype());
  EXPECT_EQ(got.shape(), expected.shape());
  if (got.dtype() != expected.dtype() || got.shape() != expected.shape()) return got.size();
  int64_t apart = 0;
  for (size_t i = 0; i < static_cast<size_t>(got.size()); ++i) {
    if (got.dtype() == DType::kF32) {
      const float real = expected.data<float>()[i];
      EXPECT_NEAR(got.data<float>()[i], real, 2e-6f + 1e-6f * std::fabs(real)) << i;
    } else {
      const int step = got.data<int16_t>()[i] - expected.data<int16_t>()[i];
      EXPECT_LE(std::abs(step), 1) << i;
      apart += step != 0;
    }
  }
  return apart;
}

// Runs the graph in a session; at most one value in `one_in` may differ, none where that is 0.
std::optional<Session> check(Graph graph, int64_t one_in = 0) {
  const Result<void> inferred = infer_shapes(graph);
  EXPECT_TRUE(inferred) << inferred.error().message;
  std::mt19937 random(3);
  std::vector<Tensor> inputs;
  for (ValueId id : graph.inputs)
    inputs.push_back(
        random_integers(graph.value(id).dtype, *graph.value(id).shape, random));
  const auto expected = evaluate_graph(graph, inputs);
  Result<Session> session = Session::create(graph, {.threads = 2});
  EXPECT_TRUE(expected) << expected.error().message;
  EXPECT_TRUE(session) << session.error().message;
  if (!expected || !session) return std::nullopt;
  const auto got = session->run(inputs);
  EXPECT_TRUE(got) << got.error().message;
  if (!got) return std::nullopt;
  for (size_t i = 0; i < expected->size(); ++i)
    EXPECT_LE(steps_apart((*got)[i], (*expected)[i]),
              one_in == 0 ? 0 : (*got)[i].size() / one_in)
        << session->plan().outputs()[i].name;
  expect_sound_arena(session->plan());
  return std::move(*session);
}

TEST(Words, Convolutions) {
  std::mt19937 random(1);
  for (const DType from : {DType::kI16, DType::kU8})
    for (const DType weights : {DType::kI16, DType::kI8})
      for (const DType to : {DType::kI16, DType::kF32})
        for (const UnaryKind activation : {UnaryKind::kIdentity, UnaryKind::kSilu})
          for (const int64_t kernel : {1, 3})
            for (const int64_t group : {1, 4, 20}) {
              if (from == DType::kU8 && weights == DType::kI8 && to == DType::kF32) continue;
              Graph graph;
              const ValueId x = graph.add_input("x", from, Shape{2, 20, 9, 7});
              const bool adds = from == DType::kI16 && to == DType::kI16;
              graph.outputs = {add_conv(
                  graph, x,
                  {20, kernel, group, weights, to, activation, adds ? x : kNoValue}, random)};
              const std::optional<Session> session = check(std::move(graph), 50);
              ASSERT_TRUE(session);
              EXPECT_NE(kernel_of(*session, "QConv"), "reference");
              EXPECT_NE(kernel_of(*session, "QConv"), "evaluate");
              EXPECT_GT(session->plan().packed_bytes(), size_t{0});
            }
}

TEST(Words, MovedAndPickedAreNotCopiedThroughFloats) {
  std::mt19937 random(2);
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kI16, Shape{2, 20, 9, 7});
  const ValueId y = add_conv(graph, x, {}, random);
  MaxPool pool;
  pool.kernel_shape = {5, 3}, pool.pads = {2, 1, 2, 1}, pool.strides = {1, 1};
  const ValueId largest = graph.add_node(pool, {y}, "largest");
  Resize twice;
  twice.mode = ResizeMode::kNearest;
  const ValueId scales =
      constant(graph, Tensor::from<float>(Shape{4}, std::vector<float>{1, 1, 2, 2}));
  const ValueId large = graph.add_node(twice, {largest, scales}, "large");
  const ValueId joined = graph.add_node(Concat{1}, {y, largest}, "joined");
  EXPECT_TRUE(infer_shapes(graph));
  const ValueId again = add_conv(graph, joined, {.channels = 6, .kernel = 1}, random);
  graph.outputs = {large, again};
  const std::optional<Session> session = check(std::move(graph), 50);
  ASSERT_TRUE(session);
  for (const char* op : {"MaxPool", "Resize", "Concat"})
    EXPECT_NE(kernel_of(*session, op), "evaluate") << op;
  EXPECT_EQ(kernel_of(*session, "Concat"), "in_place");
}

TEST(Words, Sums) {
  Graph graph;
  const ValueId a = graph.add_input("a", DType::kI16, Shape{2, 20, 9, 7});
  const ValueId b = graph.add_input("b", DType::kI16, Shape{2, 20, 9, 7});
  const QAdd sum{0.0213f, 0.0507f, 0.0611f, 100, -30000, 1280};
  graph.outputs = {graph.add_node(sum, {a, b}, "sum")};
  const std::optional<Session> session = check(std::move(graph), 50);
  ASSERT_TRUE(session);
  EXPECT_NE(kernel_of(*session, "QAdd"), "evaluate");
}

TEST(Words, ThereAndBack) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kI16, Shape{2, 20, 9, 7});
  const ValueId scale = constant(graph, Tensor::scalar(0.03f));
  const ValueId zero = constant(graph, Tensor::scalar(int16_t{77}));
  const ValueId real = graph.add_node(DequantizeLinear{}, {x, scale, zero}, "real");
  const ValueId other = constant(graph, Tensor::scalar(0.06f));
  graph.outputs = {graph.add_node(QuantizeLinear{}, {real, other, zero}, "q")};
  const std::optional<Session> session = check(std::move(graph), 100);
  ASSERT_TRUE(session);
  EXPECT_NE(kernel_of(*session, "QuantizeLinear"), "evaluate");
  EXPECT_NE(kernel_of(*session, "DequantizeLinear"), "evaluate");
}

// Words take half of what floats take between the same convolutions.
TEST(Words, TakeHalfTheMemory) {
  std::mt19937 random(4);
  size_t bytes[2];
  for (const bool words : {false, true}) {
    Graph graph;
    ValueId x = graph.add_input("x", words ? DType::kI16 : DType::kF32, Shape{1, 16, 64, 64});
    for (int i = 0; i < 3; ++i)
      x = words ? add_conv(graph, x, {.channels = 16, .kernel = 1}, random)
                : testing::add_conv(graph, x, 16, 1, 1, random);
    graph.outputs = {x};
    ASSERT_TRUE(infer_shapes(graph));
    const Result<Session> session = Session::create(graph, {.threads = 1});
    ASSERT_TRUE(session);
    bytes[words] = session->plan().arena_bytes();
  }
  EXPECT_LT(static_cast<double>(bytes[1]), 0.55 * static_cast<double>(bytes[0]));
}

}  // namespace
}  // namespace shrike
