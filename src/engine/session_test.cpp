#include "engine/session.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "engine/testing/check.h"
#include "ir/infer.h"

namespace shrike {
namespace {

using testing::add_conv;
using testing::add_ints;
using testing::check_graph;
using testing::random_tensor;

Graph small_graph(int64_t batch = 1) {
  std::mt19937 random(3);
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{batch, 3, 9, 8});
  const ValueId a = add_conv(graph, x, 8, 3, 2, random, 1, UnaryKind::kSilu);
  const ValueId b = add_conv(graph, a, 5, 1, 1, random);
  graph.outputs = {b, graph.add_node(Concat{1}, {a, b}, "both")};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

Session make(const Graph& graph, const SessionOptions& options) {
  Result<Session> session = Session::create(graph, options);
  EXPECT_TRUE(session) << session.error().message;
  return *std::move(session);
}

TEST(Session, RefusesInputsOfUnknownSize) {
  Graph graph;
  const ValueId x = graph.add_input("pixels", DType::kF32, Shape{1, 3, kDynamic, 8});
  graph.outputs = {graph.add_node(Unary{UnaryKind::kRelu}, {x}, "y")};
  ASSERT_TRUE(infer_shapes(graph));
  const auto session = Session::create(graph, {});
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().kind, ErrorKind::kModel);
  EXPECT_NE(session.error().message.find("pixels"), std::string::npos);
}

TEST(Session, RefusesTensorsThatDoNotFit) {
  Session session = make(small_graph(), {.threads = 1});
  EXPECT_FALSE(session.run({}));
  const auto wrong = session.run(std::vector{Tensor(DType::kF32, Shape{1, 3, 8, 9})});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::kInput);
  EXPECT_NE(wrong.error().message.find("'x'"), std::string::npos);
  EXPECT_FALSE(session.run(std::vector{Tensor(DType::kI32, Shape{1, 3, 9, 8})}));
}

TEST(Session, RefusesWhatTheMachineCannotHold) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 1, 1 << 20, 1 << 20});
  const ValueId y = graph.add_node(Unary{UnaryKind::kRelu}, {x}, "y");
  graph.outputs = {graph.add_node(Unary{UnaryKind::kExp}, {y}, "z")};
  ASSERT_TRUE(infer_shapes(graph));
  const auto session = Session::create(graph, {.threads = 1});
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().kind, ErrorKind::kRuntime);
}

TEST(Session, NamesTheNodeThatFails) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{2});
  const ValueId i = graph.add_input("i", DType::kI64, Shape{1});
  graph.outputs = {graph.add_node(Gather{0}, {x, i}, "y")};
  graph.nodes[0].name = "pick";
  ASSERT_TRUE(infer_shapes(graph));
  Session session = make(graph, {.threads = 1});
  const auto got =
      session.run(std::vector{Tensor(DType::kF32, Shape{2}), Tensor::from<int64_t>(Shape{1}, {5})});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::kModel);
  EXPECT_NE(got.error().message.find("Gather"), std::string::npos);
  EXPECT_NE(got.error().message.find("pick"), std::string::npos);
}

TEST(Session, MapsAndTensorsGiveTheSame) {
  const Graph graph = small_graph(2);
  std::mt19937 random(9);
  const Tensor x = random_tensor({2, 3, 9, 8}, random);
  Session plain = make(graph, {.threads = 1});
  Session ported = make(graph, {.threads = 1, .nhwc_ports = true});
  EXPECT_FALSE(plain.input_is_map(0));
  ASSERT_TRUE(ported.input_is_map(0));
  const auto expected = plain.run(std::vector{x});
  ASSERT_TRUE(expected);
  for (int64_t n = 0; n < 2; ++n) {
    const kernels::MapView map = ported.input_map(0, n);
    ASSERT_EQ(map.height, 9);
    ASSERT_EQ(map.width, 8);
    ASSERT_EQ(map.channels, 3);
    for (int64_t i = 0; i < 3 * 72; ++i)
      map.at(i % 72 / 8, i % 8)[i / 72] = x.data<float>()[static_cast<size_t>(n * 216 + i)];
  }
  for (int repeat = 0; repeat < 2; ++repeat) {  // the input map survives a run
    ASSERT_TRUE(ported.run_maps());
    for (size_t o = 0; o < 2; ++o) {
      ASSERT_TRUE(ported.output_is_map(o));
      const Tensor& y = (*expected)[o];
      const int64_t channels = y.shape()[1], pixels = y.shape()[2] * y.shape()[3];
      for (int64_t i = 0; i < y.size(); ++i) {
        const kernels::ConstMapView map = ported.output_map(o, i / (channels * pixels));
        const int64_t p = i % pixels;
        ASSERT_EQ(map.at(p / map.width, p % map.width)[i / pixels % channels],
                  y.data<float>()[static_cast<size_t>(i)]);
      }
      EXPECT_TRUE(*ported.output(o) == y);
    }
  }
}

TEST(Session, StreamsShareAPlanAndNothingElse) {
  std::mt19937 random(4);
  Session first = make(small_graph(), {.threads = 2});
  Result<Session> second = Session::another(first);
  ASSERT_TRUE(second);
  EXPECT_EQ(&first.plan(), &second->plan());
  const std::vector<Tensor> a{random_tensor({1, 3, 9, 8}, random)};
  const std::vector<Tensor> b{random_tensor({1, 3, 9, 8}, random)};
  const auto from_a = *first.run(a), from_b = *first.run(b);
  bool same = true;
  const auto stream = [&same](Session& session, const auto& inputs, const auto& expected) {
    for (int i = 0; i < 20; ++i) same = same && (*session.run(inputs))[0] == expected[0];
  };
  std::thread beside([&] { stream(*second, b, from_b); });
  bool own = true;
  for (int i = 0; i < 20; ++i) own = own && (*first.run(a))[0] == from_a[0];
  beside.join();
  EXPECT_TRUE(same);
  EXPECT_TRUE(own);
}

TEST(Session, MovesAndKeepsItsMaps) {
  Session session = make(small_graph(), {.threads = 1, .nhwc_ports = true});
  const float* before = session.input_map(0).data;
  Session moved = std::move(session);
  EXPECT_EQ(moved.input_map(0).data, before);
  EXPECT_TRUE(moved.run_maps());
}

TEST(Session, ProfilesEachStep) {
  Session session = make(small_graph(), {.threads = 1});
  ASSERT_EQ(session.step_ms().size(), session.plan().steps().size());
  EXPECT_EQ(session.step_ms()[0], 0);
  ASSERT_TRUE(session.run_profiled(std::vector{Tensor(DType::kF32, Shape{1, 3, 9, 8})}));
  EXPECT_GT(session.step_ms()[0], 0);
  // 3x3 over 3 channels and 1x1 over 8, at 5 by 4 pixels.
  EXPECT_EQ(session.plan().macs(), 20 * (8 * 27 + 5 * 8));
  EXPECT_GE(session.plan().packed_bytes(), (8 * 27 + 5 * 8) * sizeof(float));
}

TEST(Session, TracesTheStepsAndTheirThreads) {
  Session session = make(small_graph(), {.threads = 2});
  Trace trace(3);
  ASSERT_TRUE(session.run_profiled(std::vector{Tensor(DType::kF32, Shape{1, 3, 9, 8})}, &trace));
  ASSERT_FALSE(trace.empty());
  size_t steps = 0, parts = 0;
  TraceEvent step;
  for (const TraceEvent& event : trace) {
    EXPECT_GE(event.begin_us, 0);
    EXPECT_LE(event.begin_us, event.end_us);
    if (event.is_step) {
      EXPECT_GE(event.begin_us, step.end_us) << "steps follow each other";
      EXPECT_TRUE(session.plan().steps()[static_cast<size_t>(event.step)].step);
      step = event;
      ++steps;
      continue;
    }
    EXPECT_EQ(event.step, step.step);
    EXPECT_GE(event.begin_us, step.begin_us);
    EXPECT_LE(event.end_us, step.end_us);
    EXPECT_LT(event.thread, 2);
    ++parts;
  }
  size_t working = 0;
  for (const Plan::Entry& entry : session.plan().steps()) working += entry.step ? 1 : 0;
  EXPECT_EQ(steps, working);
  EXPECT_GE(parts, 2u) << "two convolutions at least";
}

TEST(Session, ShapesThatDependOnTheDataAreInterpreted) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 2, 3, 4});
  const ValueId positive = graph.add_node(Unary{UnaryKind::kRelu}, {x}, "positive");
  const ValueId where = graph.add_node(NonZero{}, {positive}, "where");
  const ValueId size = graph.add_node(ShapeOf{}, {where}, "size");
  const ValueId rows = graph.add_node(Transpose{{1, 0}}, {where}, "rows");
  const ValueId picked = graph.add_node(GatherND{}, {x, rows}, "picked");
  const ValueId kept = graph.add_node(Unary{}, {where}, "kept");
  const ValueId scaled = graph.add_node(Unary{UnaryKind::kSilu}, {x}, "scaled");
  graph.outputs = {picked, size, kept, scaled, positive, where};
  for (const int threads : {1, 2}) EXPECT_TRUE(check_graph(graph, {.threads = threads}));
}

TEST(Session, InputsAndConstantsMayBeOutputs) {
  for (bool ports : {false, true}) {
    Graph graph;
    const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 2, 3, 4});
    const ValueId k = graph.add_constant("k", Tensor::from<int64_t>(Shape{2}, {5, 6}));
    const ValueId turned = graph.add_node(Transpose{}, {x}, "turned");
    graph.outputs = {x, k, turned, turned};
    EXPECT_TRUE(check_graph(graph, {.nhwc_ports = ports}));
  }
}

std::vector<float> floats(const Tensor& tensor) {
  return {tensor.data<float>().begin(), tensor.data<float>().end()};
}

// Outputs that are written to where they are handed out, one of them read by a later step, and some
// that are parts of another one or in another order, which are not.
// In every thread, and in the caller's until the run is over.
TEST(Session, DenormalsAreZeros) {
#if !defined(__x86_64__) && !defined(__aarch64__)
  GTEST_SKIP() << "not known of this processor";
#endif
  Graph graph;
  const Shape shape{1, 64, 64, 64};
  const ValueId x = graph.add_input("x", DType::kF32, shape);
  graph.outputs = {graph.add_node(Binary{BinaryKind::kMul}, {x, x}, "squares")};
  ASSERT_TRUE(infer_shapes(graph));
  Tensor input(DType::kF32, shape);
  std::ranges::fill(input.mutable_data<float>(), 1e-20f);
  for (const int threads : {1, 4}) {
    Session session = make(graph, {.threads = threads});
    const auto outputs = session.run(std::vector{input});
    ASSERT_TRUE(outputs);
    for (const float square : (*outputs)[0].data<float>()) ASSERT_EQ(square, 0.0f);
    const volatile float small = 1e-20f;
    EXPECT_NE(small * small, 0.0f) << "after the run";
  }
}

TEST(Session, HandsOutTensorsThatLaterRunsLeaveAlone) {
  for (const bool parts : {false, true}) {
    Graph graph;
    const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 40, 3, 4});
    const ValueId y = graph.add_node(Unary{UnaryKind::kSilu}, {x}, "y");
    const ValueId flat = graph.add_node(Reshape{}, {y, add_ints(graph, {1, 480})}, "flat");
    graph.outputs = {y, graph.add_node(Unary{UnaryKind::kExp}, {flat}, "z")};
    if (parts) {
      graph.outputs.push_back(graph.add_node(Transpose{}, {y}, "turned"));
      for (const int64_t from : {0, 7})
        graph.outputs.push_back(
            graph.add_node(Slice{},
                           {flat, add_ints(graph, {from}), add_ints(graph, {480}),
                            add_ints(graph, {1}), add_ints(graph, {1})},
                           "from" + std::to_string(from)));
    }
    EXPECT_TRUE(infer_shapes(graph));
    std::mt19937 random(9);
    const Tensor first = random_tensor({1, 40, 3, 4}, random);
    const Tensor second = random_tensor({1, 40, 3, 4}, random);
    Session session = make(graph, {.threads = 2});
    const auto before = session.run(std::span(&first, 1));
    ASSERT_TRUE(before);
    std::vector<std::vector<float>> kept;
    for (const Tensor& output : *before) kept.push_back(floats(output));
    const auto other = session.run(std::span(&second, 1)),
               again = session.run(std::span(&first, 1));
    ASSERT_TRUE(other && again);
    for (size_t i = 0; i < kept.size(); ++i) {
      EXPECT_EQ(floats((*before)[i]), kept[i]) << i;
      EXPECT_TRUE((*before)[i] == (*again)[i]) << i;
      EXPECT_FALSE((*before)[i] == (*other)[i]) << i;
    }
    EXPECT_TRUE(check_graph(graph));
  }
}

// What lies where an input does, or is only a part of a buffer, is copied.
TEST(Session, HandsOutInputsAndEndsOfBuffers) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 16, 1, 1});
  const ValueId flat = graph.add_node(Reshape{}, {x, add_ints(graph, {16})}, "flat");
  const ValueId y = graph.add_node(Unary{UnaryKind::kSilu}, {x}, "y");
  const ValueId row = graph.add_node(Reshape{}, {y, add_ints(graph, {16})}, "row");
  graph.outputs = {flat, graph.add_node(Slice{},
                                        {row, add_ints(graph, {1}), add_ints(graph, {16}),
                                         add_ints(graph, {0}), add_ints(graph, {1})},
                                        "end")};
  for (const bool ports : {false, true}) EXPECT_TRUE(check_graph(graph, {.nhwc_ports = ports}));
}

// A run that hands out tensors leaves the session as it was for one that does not.
TEST(Session, RunsOfBothKindsInTurn) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 8, 5, 6});
  const ValueId flat = graph.add_node(Reshape{}, {x, add_ints(graph, {1, 240})}, "flat");
  graph.outputs = {graph.add_node(Unary{UnaryKind::kExp}, {flat}, "z")};
  EXPECT_TRUE(infer_shapes(graph));
  std::mt19937 random(9);
  const Tensor first = random_tensor({1, 8, 5, 6}, random);
  Session session = make(graph, {.threads = 1, .nhwc_ports = true});
  ASSERT_FALSE(session.output_is_map(0));
  const auto outputs = session.run(std::span(&first, 1));
  ASSERT_TRUE(outputs);
  const std::vector<float> expected = floats((*outputs)[0]);
  const kernels::MapView input = session.input_map(0);
  std::fill_n(input.data, 240, 1.0f);
  ASSERT_TRUE(session.run_maps());
  const Result<Tensor> output = session.output(0);
  ASSERT_TRUE(output);
  EXPECT_EQ(floats((*outputs)[0]), expected);
  for (const float value : floats(*output)) EXPECT_NEAR(value, std::exp(1.0f), 1e-5f);
}

TEST(Session, ScalarsEmptyTensorsAndManyAxes) {
  Graph graph;
  const ValueId s = graph.add_input("s", DType::kF32, Shape{});
  const ValueId e = graph.add_input("e", DType::kF32, Shape{0, 3});
  const ValueId m = graph.add_input("m", DType::kF32, Shape{1, 2, 1, 2, 1, 2, 1, 2, 1, 2});
  graph.outputs = {graph.add_node(Unary{UnaryKind::kExp}, {s}, "es"),
                   graph.add_node(Unary{UnaryKind::kExp}, {e}, "ee"),
                   graph.add_node(Unary{UnaryKind::kExp}, {m}, "em"),
                   graph.add_node(Binary{}, {m, s}, "sum"),
                   graph.add_node(Concat{0}, {e, e}, "nothing")};
  EXPECT_TRUE(check_graph(graph));
}

}  // namespace
}  // namespace shrike
