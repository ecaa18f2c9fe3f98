// Steps on bytes next to the reference: each operator alone, as a step more or less in one would be
// more than a step behind the next.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "engine/testing/check.h"
#include "ir/infer.h"
#include "reference/evaluate.h"

namespace shrike {
namespace {

using testing::add_integer_conv;
using testing::count_steps;
using testing::expect_sound_arena;
using testing::kernel_of;

ValueId byte_input(Graph& graph, const char* name = "x", Shape shape = {2, 20, 9, 7}) {
  return graph.add_input(name, DType::kU8, std::move(shape));
}

ValueId constant(Graph& graph, Tensor tensor) { return graph.add_constant("c", std::move(tensor)); }

Tensor random_bytes(const Shape& shape, std::mt19937& random) {
  Tensor tensor(DType::kU8, shape);
  for (uint8_t& value : tensor.mutable_data<uint8_t>()) value = static_cast<uint8_t>(random());
  return tensor;
}

// How many values lie a step from the reference's; none lies further.
int64_t steps_apart(const Tensor& got, const Tensor& expected, const std::string& name) {
  EXPECT_EQ(got.dtype(), expected.dtype()) << name;
  EXPECT_EQ(got.shape(), expected.shape()) << name;
  if (got.dtype() != expected.dtype() || got.shape() != expected.shape()) return got.size();
  int64_t apart = 0;
  for (size_t i = 0; i < static_cast<size_t>(got.size()); ++i) {
    if (got.dtype() == DType::kF32) {
      EXPECT_NEAR(got.data<float>()[i], expected.data<float>()[i], 1e-5) << name << " at " << i;
    } else {
      const int step = got.data<uint8_t>()[i] - expected.data<uint8_t>()[i];
      EXPECT_LE(std::abs(step), 1) << name << " at " << i;
      apart += step != 0;
    }
  }
  return apart;
}

// Runs the graph in a session, with maps handed in and out or not. At most one value in `one_in`
// may differ, none where that is 0.
std::optional<Session> check(Graph graph, int64_t one_in = 0, int threads = 2) {
  const Result<void> inferred = infer_shapes(graph);
  EXPECT_TRUE(inferred) << inferred.error().message;
  std::mt19937 random(3);
  std::vector<Tensor> inputs;
  for (ValueId id : graph.inputs) inputs.push_back(random_bytes(*graph.value(id).shape, random));
  const auto expected = evaluate_graph(graph, inputs);
  Result<Session> session = Session::create(graph, {.threads = threads});
  EXPECT_TRUE(expected && session);
  if (!expected || !session) return std::nullopt;
  const auto got = session->run(inputs);
  EXPECT_TRUE(got) << got.error().message;
  if (!got) return std::nullopt;
  for (size_t i = 0; i < expected->size(); ++i) {
    const size_t apart = steps_apart((*got)[i], (*expected)[i], session->plan().outputs()[i].name);
    EXPECT_LE(apart, one_in == 0 ? 0 : (*got)[i].size() / one_in);
  }
  expect_sound_arena(session->plan());
  return std::move(*session);
}

TEST(Integers, Convolutions) {
  std::mt19937 random(1);
  for (const DType to : {DType::kU8, DType::kF32})
    for (const UnaryKind activation :
         {UnaryKind::kIdentity, UnaryKind::kLeakyRelu, UnaryKind::kSilu})
      for (const int64_t kernel : {1, 3})
        for (const int64_t groups : {1, 4, 20}) {
          if (to == DType::kF32 && activation == UnaryKind::kSilu) continue;  // see activations
          Graph graph;
          const ValueId x = byte_input(graph);
          const ValueId y = add_integer_conv(graph, x, 20, kernel, 1, random, groups, activation,
                                             to == DType::kU8 ? x : kNoValue, to);
          graph.outputs = {y};
          const std::optional<Session> session = check(std::move(graph), 20);
          ASSERT_TRUE(session);
          EXPECT_GT(session->plan().packed_bytes(), size_t{20} * 20 / static_cast<size_t>(groups));
          EXPECT_NE(kernel_of(*session, "QConv"), "reference");
        }
}

TEST(Integers, MovedAndPickedBytes) {
  Graph graph;
  const ValueId x = byte_input(graph);
  MaxPool pool;
  pool.kernel_shape = {5, 3}, pool.pads = {2, 1, 2, 1}, pool.strides = {1, 1};
  const ValueId largest = graph.add_node(pool, {x}, "largest");
  Resize twice;
  twice.mode = ResizeMode::kNearest;
  const ValueId scales =
      constant(graph, Tensor::from<float>(Shape{4}, std::vector<float>{1, 1, 2, 2}));
  const ValueId large = graph.add_node(twice, {largest, scales}, "large");
  const ValueId joined = graph.add_node(Concat{1}, {x, largest}, "joined");
  graph.outputs = {largest, large, joined};
  check(std::move(graph));
}

TEST(Integers, FunctionsOfBytes) {
  std::mt19937 random(2);
  Graph graph;
  const ValueId a = byte_input(graph, "a"), b = byte_input(graph, "b");
  const ValueId table = constant(graph, random_bytes(Shape{256}, random));
  const ValueId looked = graph.add_node(Lookup{}, {a, table}, "looked");
  const QAdd sum{0.0213f, 0.0507f, 0.0611f, 100, 30, 128};
  graph.outputs = {looked, graph.add_node(sum, {looked, b}, "sum")};
  check(std::move(graph), 100);
}

TEST(Integers, InputsOfBytesAreMaps) {
  std::mt19937 random(4);
  Graph graph;
  const ValueId x = byte_input(graph, "x", {1, 3, 9, 7});
  graph.outputs = {add_integer_conv(graph, x, 5, 3, 2, random)};
  const Tensor picture = random_bytes({1, 3, 9, 7}, random);
  Result<Session> ported = Session::create(graph, {.threads = 1, .nhwc_ports = true});
  Result<Session> plain = Session::create(graph, {.threads = 1});
  ASSERT_TRUE(ported && plain);
  ASSERT_TRUE(ported->input_is_map(0));
  const kernels::BasicMapView<uint8_t> map = ported->input_bytes(0);
  for (int64_t c = 0; c < 3; ++c)
    for (int64_t y = 0; y < 9; ++y)
      for (int64_t column = 0; column < 7; ++column)
        map.at(y, column)[c] =
            picture.data<uint8_t>()[static_cast<size_t>((c * 9 + y) * 7 + column)];
  ASSERT_TRUE(ported->run_maps());
  const Result<Tensor> got = ported->output(0);
  const auto expected = plain->run(std::span(&picture, 1));
  ASSERT_TRUE(got && expected);
  EXPECT_TRUE(*got == (*expected)[0]);
}

TEST(Integers, ThereAndBack) {
  Graph graph;
  const ValueId x = byte_input(graph);
  const ValueId scale = constant(graph, Tensor::scalar(0.03f));
  const ValueId zero = constant(graph, Tensor::scalar(uint8_t{77}));
  const ValueId real = graph.add_node(DequantizeLinear{}, {x, scale, zero}, "real");
  const ValueId other = constant(graph, Tensor::scalar(0.06f));
  graph.outputs = {real, graph.add_node(QuantizeLinear{}, {real, other, zero}, "q")};
  check(std::move(graph), 100);
}

}  // namespace
}  // namespace shrike
