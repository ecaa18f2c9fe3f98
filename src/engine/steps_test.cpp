// Every step family, in each layout it meets, against the reference.
#include <gtest/gtest.h>

#include "engine/testing/check.h"
#include "ir/infer.h"

namespace shrike {
namespace {

using testing::add_conv;
using testing::add_ints;
using testing::check_graph;
using testing::count_steps;
using testing::kernel_of;
using testing::random_tensor;

// x (2, 6, 7, 5) and a map made of it by a convolution, with 6 channels of the same size.
struct Start {
  explicit Start(uint32_t seed = 1, Shape shape = {2, 6, 7, 5}) : random(seed) {
    x = graph.add_input("x", DType::kF32, shape);
    map = add_conv(graph, x, shape[1], 1, 1, random);
  }
  ValueId node(Op op, std::vector<ValueId> inputs) {
    const ValueId id = graph.add_node(std::move(op), std::move(inputs), "y");
    graph.outputs.push_back(id);
    return id;
  }
  ValueId constant(const Shape& shape) {
    return graph.add_constant("c", random_tensor(shape, random));
  }
  std::mt19937 random;
  Graph graph;
  ValueId x, map;
};

TEST(Steps, ConvOfEveryKind) {
  struct Case {
    int64_t out, kernel, stride, groups;
    UnaryKind activation;
  };
  for (const Case& c :
       {Case{9, 3, 1, 1, UnaryKind::kSilu}, Case{16, 3, 2, 1, UnaryKind::kRelu},
        Case{6, 5, 1, 6, UnaryKind::kLeakyRelu}, Case{12, 3, 2, 6, UnaryKind::kMish},
        Case{4, 1, 1, 2, UnaryKind::kIdentity}, Case{1, 7, 3, 1, UnaryKind::kTanh}}) {
    Start s(static_cast<uint32_t>(c.kernel));
    const ValueId y =
        add_conv(s.graph, s.map, c.out, c.kernel, c.stride, s.random, c.groups, c.activation);
    s.graph.outputs = {y, s.map};
    EXPECT_TRUE(check_graph(s.graph));
  }
}

// Where a depthwise layer's map begins at an even cache line of the arena, its output's is odd.
TEST(Steps, SweepsReadAndWriteAnOddNumberOfLinesApart) {
  for (const int64_t channels : {32, 48}) {
    Start s(3, {1, channels, 9, 9});
    ValueId y = s.map;
    for (int i = 0; i < 3; ++i) {
      y = add_conv(s.graph, y, channels, 3, 1, s.random, channels, UnaryKind::kRelu);
      s.graph.value(y).name = "sweep " + std::to_string(i);
    }
    s.graph.value(s.map).name = "start";
    s.graph.outputs = {add_conv(s.graph, y, 8, 1, 1, s.random)};
    const auto session = check_graph(s.graph);
    ASSERT_TRUE(session);
    const auto line_of = [&](const std::string& name) -> size_t {
      for (const Buffer& buffer : session->plan().buffers())
        if (buffer.kind == BufferKind::kArena && buffer.name == name) return buffer.offset / 64;
      ADD_FAILURE() << name << " has no buffer";
      return 0;
    };
    size_t even = 0;
    const std::string names[] = {"start", "sweep 0", "sweep 1", "sweep 2"};
    for (int i = 0; i < 3; ++i) even += (line_of(names[i]) + line_of(names[i + 1])) % 2 == 0;
    // Pixels of 48 channels begin at even and odd lines in turn.
    EXPECT_EQ(even, channels == 32 ? 0u : 3u);
  }
}

// Darknet's head: anchors are blocks of rows within a map, large enough to be divided, and not.
TEST(Steps, FunctionsOfBlocksOfRows) {
  for (const int64_t side : {3, 20, 21}) {
    Start s(4, {1, 6, side, side});
    const ValueId map = add_conv(s.graph, s.map, 255, 1, 1, s.random);
    const ValueId anchors =
        s.graph.add_node(Reshape{}, {map, add_ints(s.graph, {1, 3, 85, side * side})}, "anchors");
    const ValueId turned = s.graph.add_node(Transpose{{0, 1, 3, 2}}, {anchors}, "turned");
    const ValueId scores = s.graph.add_node(
        Slice{}, {turned, add_ints(s.graph, {4}), add_ints(s.graph, {85}), add_ints(s.graph, {3})},
        "scores");
    s.graph.outputs = {s.graph.add_node(Unary{UnaryKind::kSigmoid}, {scores}, "y")};
    for (const int threads : {1, 2, 3, 5}) {
      const auto session = check_graph(s.graph, {.threads = threads});
      ASSERT_TRUE(session);
      EXPECT_EQ(count_steps(*session, "Copy"), 1u);  // the input's
    }
  }
}

TEST(Steps, ConvWithResidual) {
  Start s;
  const ValueId y = add_conv(s.graph, s.map, 6, 3, 1, s.random, 1, UnaryKind::kSilu, s.map);
  const ValueId z = add_conv(s.graph, y, 6, 3, 1, s.random, 1, UnaryKind::kSilu, s.x);
  s.graph.outputs = {z};
  EXPECT_TRUE(check_graph(s.graph));
}

TEST(Steps, ConvWithAutoPadAndUnevenPads) {
  for (AutoPad pad :
       {AutoPad::kSameUpper, AutoPad::kSameLower, AutoPad::kValid, AutoPad::kNotSet}) {
    Start s;
    Conv conv;
    conv.auto_pad = pad;
    conv.strides = {2, 2};
    conv.dilations = {1, 2};
    if (pad == AutoPad::kNotSet) conv.pads = {0, 1, 2, 3};
    s.node(conv, {s.map, s.constant({3, 6, 2, 2})});
    MaxPool pool;
    pool.auto_pad = pad;
    pool.kernel_shape = {2, 3};
    pool.strides = {2, 1};
    if (pad == AutoPad::kNotSet) pool.pads = {0, 0, 1, 1};
    s.node(pool, {s.map});
    EXPECT_TRUE(check_graph(s.graph));
  }
}

TEST(Steps, ConvWithComputedWeightsIsEvaluated) {
  Start s(3, {1, 2, 3, 3});
  const ValueId w = s.graph.add_input("w", DType::kF32, {4, 2, 3, 3});
  s.node(Conv{}, {s.map, w});
  const auto session = check_graph(s.graph);
  ASSERT_TRUE(session);
  const StepInfo& info = session->plan().steps().back().info;
  EXPECT_EQ(info.kernel, "evaluate");
  ASSERT_EQ(info.declined.size(), 1u);
  EXPECT_EQ(info.declined[0].way, "conv");
  EXPECT_EQ(info.declined[0].reason, "its weights are computed");
}

TEST(Steps, ConvTranspose) {
  for (int64_t group : {1, 2}) {
    Start s;
    ConvTranspose op;
    op.strides = {2, 2};
    op.group = group;
    s.node(op, {s.map, s.constant({6, 4, 2, 2}), s.constant({4 * group})});
    op.strides = {2, 1};
    op.pads = {1, 0, 0, 1};
    op.output_padding = {1, 0};
    s.node(op, {s.x, s.constant({6, 1, 3, 3})});
    EXPECT_TRUE(check_graph(s.graph));
  }
}

TEST(Steps, BatchNorm) {
  Start s;
  const ValueId var = s.graph.add_constant("var", random_tensor({6}, s.random, 0.1f, 2));
  s.node(BatchNorm{}, {s.map, s.constant({6}), s.constant({6}), s.constant({6}), var});
  const auto session = check_graph(s.graph);
  ASSERT_TRUE(session);
  EXPECT_NE(kernel_of(*session, "BatchNormalization"), "evaluate");
}

TEST(Steps, Pools) {
  Start s;
  MaxPool max;
  max.kernel_shape = {5, 5};
  max.pads = {2, 2, 2, 2};
  s.node(max, {s.map});
  max.kernel_shape = {2, 2};
  max.strides = {1, 1};
  max.pads = {0, 0, 1, 1};
  s.node(max, {s.map});
  AveragePool average;
  average.kernel_shape = {3, 2};
  average.strides = {2, 2};
  average.pads = {1, 1, 0, 1};
  average.ceil_mode = 1;
  s.node(average, {s.map});
  average.count_include_pad = 1;
  average.ceil_mode = 0;
  s.node(average, {s.x});
  s.node(GlobalAveragePool{}, {s.map});
  const auto session = check_graph(s.graph);
  ASSERT_TRUE(session);
  for (const char* op : {"MaxPool", "AveragePool", "GlobalAveragePool"})
    EXPECT_NE(kernel_of(*session, op), "evaluate") << op;
}

TEST(Steps, PoolWithAWindowInThePaddingSaysSo) {
  Start s(1, {1, 2, 1, 3});
  MaxPool max;  // taps at -1 and 1 of a map one row high
  max.kernel_shape = {2, 1};
  max.dilations = {2, 1};
  max.pads = {1, 0, 1, 0};
  s.node(max, {s.map});
  ASSERT_TRUE(infer_shapes(s.graph));
  Result<Session> session = Session::create(s.graph, {.threads = 1});
  ASSERT_TRUE(session);
  const auto got = session->run(std::vector{Tensor(DType::kF32, Shape{1, 2, 1, 3})});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::kModel);
  EXPECT_NE(got.error().message.find("MaxPool"), std::string::npos);
}

TEST(Steps, Resizes) {
  for (ResizeMode mode : {ResizeMode::kNearest, ResizeMode::kLinear, ResizeMode::kCubic})
    for (const auto& row : kCoordinateModes) {
      Start s;
      Resize op;
      op.mode = mode;
      op.coordinate_transformation_mode = row.value;
      op.nearest_mode = NearestMode::kFloor;
      const ValueId scales = s.graph.add_constant("s", Tensor::from<float>({4}, {1, 1, 2, 1.7f}));
      s.node(op, {s.map, scales});
      s.node(op, {s.x, kNoValue, add_ints(s.graph, {2, 6, 9, 4})});
      EXPECT_TRUE(check_graph(s.graph));
    }
}

// Ratios that no binary fraction holds, where a coordinate in other precision rounds to another
// row.
TEST(Steps, ResizesAtInexactRatios) {
  constexpr std::array<int64_t, 2> kSides[] = {{15, 5}, {14, 11}, {9, 15}, {10, 7}, {7, 10}};
  for (ResizeMode mode : {ResizeMode::kNearest, ResizeMode::kLinear})
    for (const auto& coordinate : kCoordinateModes)
      for (const auto& nearest : kNearestModes)
        for (const auto& [in, out] : kSides) {
          Graph graph;
          const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 3, in, in});
          Resize op;
          op.mode = mode;
          op.coordinate_transformation_mode = coordinate.value;
          op.nearest_mode = nearest.value;
          graph.outputs = {
              graph.add_node(op, {x, kNoValue, add_ints(graph, {1, 3, out, out})}, "y")};
          EXPECT_TRUE(check_graph(graph))
              << coordinate.name << " " << nearest.name << " " << in << " to " << out;
        }
}

TEST(Steps, UnariesOnMapsViewsAndTensors) {
  for (const auto& row : kUnaryKinds) {
    if (row.value == UnaryKind::kNot) continue;
    Start s;
    // A map that is exact: 1/x or log x near 0 would make much of a convolution's rounding.
    const ValueId map = s.graph.add_node(MaxPool{}, {s.x}, "exact");
    s.node(Unary{row.value, 0.3f, 0.2f}, {map});
    const ValueId part = s.graph.add_node(
        Slice{},
        {map, add_ints(s.graph, {1, 1}), add_ints(s.graph, {4, 5}), add_ints(s.graph, {1, 3})},
        "part");
    s.node(Unary{row.value, 0.3f, 0.2f}, {part});
    const ValueId turned = s.graph.add_node(Transpose{{0, 2, 1, 3}}, {map}, "turned");
    s.node(Unary{row.value, 0.3f, 0.2f}, {turned});
    s.node(Unary{row.value, 0.3f, 0.2f}, {s.x});
    EXPECT_TRUE(check_graph(s.graph)) << row.name;
  }
}

TEST(Steps, Clips) {
  Start s;
  const ValueId low = s.graph.add_constant("low", Tensor::scalar<float>(-0.25f));
  const ValueId high = s.graph.add_constant("high", Tensor::scalar<float>(0.5f));
  s.node(Clip{}, {s.map, low, high});
  s.node(Clip{}, {s.map, kNoValue, high});
  s.node(Clip{}, {s.x, low});
  s.node(Clip{}, {s.x});
  EXPECT_TRUE(check_graph(s.graph));
}

TEST(Steps, BinariesThatBroadcastInEveryWay) {
  const Shape shapes[] = {{2, 6, 7, 5}, {1, 6, 1, 1}, {6, 1, 1},    {},
                          {1},          {1, 1, 7, 5}, {7, 5},       {5},
                          {2, 1, 1, 1}, {6, 7, 5},    {1, 6, 7, 1}, {2, 6, 1, 5}};
  for (BinaryKind kind :
       {BinaryKind::kAdd, BinaryKind::kSub, BinaryKind::kMul, BinaryKind::kMax, BinaryKind::kPRelu})
    for (const Shape& shape : shapes) {
      Start s;
      const ValueId c = s.constant(shape);
      s.node(Binary{kind, 0}, {s.map, c});
      s.node(Binary{kind, 0}, {s.x, c});
      if (kind == BinaryKind::kPRelu) continue;  // only the slope broadcasts
      s.node(Binary{kind, 0}, {c, s.map});
      const ValueId given = s.graph.add_input("given", DType::kF32, shape);
      s.node(Binary{kind, 0}, {s.map, given});
      EXPECT_TRUE(check_graph(s.graph)) << to_string(shape);
    }
}

TEST(Steps, BinariesOfMapsAndViews) {
  Start s;
  const ValueId other = add_conv(s.graph, s.x, 6, 3, 1, s.random);
  s.node(Binary{BinaryKind::kAdd, 0}, {s.map, other});
  s.node(Binary{BinaryKind::kMul, 0}, {s.map, s.x});
  s.node(Binary{BinaryKind::kDiv, 0},
         {s.map, s.graph.add_node(Unary{UnaryKind::kExp}, {other}, "e")});
  const ValueId pooled = s.graph.add_node(GlobalAveragePool{}, {s.map}, "g");
  s.node(Binary{BinaryKind::kMul, 0}, {other, pooled});  // squeeze and excitation
  s.node(Binary{BinaryKind::kAdd, 0}, {pooled, s.x});
  s.node(Binary{BinaryKind::kLess, 0}, {s.map, other});
  EXPECT_TRUE(check_graph(s.graph));
}

TEST(Steps, MovementOnMapsAndTensors) {
  for (bool map : {false, true}) {
    Start s;
    const ValueId v = map ? s.map : s.x;
    s.node(Reshape{}, {v, add_ints(s.graph, {2, 6, -1})});
    s.node(Reshape{}, {v, add_ints(s.graph, {2, 2, 3, 7, 5})});
    s.node(Reshape{}, {v, add_ints(s.graph, {-1})});
    s.node(Flatten{2}, {v});
    s.node(Unsqueeze{}, {v, add_ints(s.graph, {1, -1})});
    s.node(Transpose{}, {v});
    s.node(Transpose{{0, 2, 3, 1}}, {v});
    s.node(Slice{}, {v, add_ints(s.graph, {-2, 1}), add_ints(s.graph, {99, 6}),
                     add_ints(s.graph, {3, 2}), add_ints(s.graph, {1, 2})});
    s.node(Slice{}, {v, add_ints(s.graph, {-1}), add_ints(s.graph, {-99}), add_ints(s.graph, {2}),
                     add_ints(s.graph, {-2})});
    s.node(Unary{}, {v});
    s.node(Cast{}, {v});
    s.node(Pad{}, {v, add_ints(s.graph, {0, 0, 1, 2, 0, 0, 3, 4})});
    const ValueId mean = s.graph.add_node(GlobalAveragePool{}, {v}, "mean");
    s.node(Expand{}, {mean, add_ints(s.graph, {2, 6, 3, 4})});
    s.node(Squeeze{}, {mean});
    s.node(DepthToSpace{1}, {v});
    EXPECT_TRUE(check_graph(s.graph));
  }
}

// Of extents that repeat, functions read the one element that is there.
TEST(Steps, FunctionsOfWhatIsRepeated) {
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{5, 1, 1, 1}, {5, 2, 1, 1}, {1, 2, 3, 1}, {5, 2, 3, 4}}) {
    Graph graph;
    const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 2, 3, 1});
    const ValueId one = graph.add_node(
        Slice{}, {x, add_ints(graph, {0, 0}), add_ints(graph, {1, 1}), add_ints(graph, {1, 2})},
        "one");
    const ValueId many = graph.add_node(Expand{}, {one, add_ints(graph, shape)}, "many");
    graph.outputs = {graph.add_node(Unary{UnaryKind::kTanh}, {many}, "tanh")};
    EXPECT_TRUE(check_graph(graph)) << to_string(Shape(shape));
  }
}

TEST(Steps, ViewsOfViewsReachAConvolution) {
  Start s(5, {1, 8, 6, 4});
  const ValueId split = s.graph.add_node(Reshape{}, {s.map, add_ints(s.graph, {1, 2, 4, 24})}, "r");
  const ValueId turned = s.graph.add_node(Transpose{{0, 2, 1, 3}}, {split}, "t");
  const ValueId soft = s.graph.add_node(Softmax{1}, {turned}, "soft");
  const ValueId y = s.graph.add_node(Conv{}, {soft, s.constant({1, 4, 1, 1})}, "dfl");
  s.node(Reshape{}, {y, add_ints(s.graph, {1, 2, 24})});
  EXPECT_TRUE(check_graph(s.graph));
}

TEST(Steps, MatrixProducts) {
  Start s;
  const ValueId q = s.graph.add_node(Reshape{}, {s.map, add_ints(s.graph, {2, 2, 3, 35})}, "q");
  const ValueId k = s.graph.add_node(Transpose{{0, 1, 3, 2}}, {q}, "k");
  const ValueId scores = s.node(MatMul{}, {k, q});
  s.node(MatMul{}, {q, s.graph.add_node(Softmax{-1}, {scores}, "soft")});
  s.node(MatMul{}, {s.x, s.constant({5, 3})});
  s.node(MatMul{}, {s.constant({4, 7}), s.map});
  s.node(MatMul{}, {s.constant({2, 1, 4, 7}), s.map});
  s.node(MatMul{}, {s.constant({6, 4, 7}), s.map});
  s.node(MatMul{}, {s.map, s.constant({5})});
  EXPECT_TRUE(check_graph(s.graph));
}

TEST(Steps, Gemms) {
  for (int64_t trans_a : {0, 1})
    for (int64_t trans_b : {0, 1})
      for (const Shape& c : {Shape{5}, Shape{1, 5}, Shape{}, Shape{1}, Shape{7, 1}, Shape{7, 5}}) {
        Start s;
        const ValueId a = s.graph.add_input("a", DType::kF32, trans_a ? Shape{3, 7} : Shape{7, 3});
        const ValueId b = s.constant(trans_b ? Shape{5, 3} : Shape{3, 5});
        s.node(Gemm{0.5f, 2.0f, trans_a, trans_b}, {a, b, s.constant(c)});
        s.node(Gemm{1.0f, 1.0f, trans_a, trans_b}, {a, b});
        EXPECT_TRUE(check_graph(s.graph)) << to_string(c);
      }
}

TEST(Steps, SoftmaxOverEachAxis) {
  for (int64_t axis = -4; axis < 4; ++axis) {
    Start s;
    s.node(Softmax{axis}, {s.map});
    s.node(Softmax{axis}, {s.x});
    EXPECT_TRUE(check_graph(s.graph));
  }
}

TEST(Steps, LargestAndSmallestOverEachAxis) {
  for (int64_t axis = -4; axis < 4; ++axis)
    for (const int64_t keep : {0, 1}) {
      Start s;
      for (const ValueId x : {s.map, s.x, s.graph.add_node(Transpose{{0, 2, 3, 1}}, {s.map}, "t")})
        for (const ReduceKind kind : {ReduceKind::kMax, ReduceKind::kMin})
          s.node(Reduce{kind, keep}, {x, add_ints(s.graph, {axis})});
      const auto session = check_graph(s.graph, {.threads = 3});
      ASSERT_TRUE(session);
      for (const auto& entry : session->plan().steps())
        EXPECT_TRUE(!entry.info.op.starts_with("Reduce") || entry.info.kernel != "evaluate");
    }
}

TEST(Steps, LargestOfAVector) {
  for (const int64_t noop : {0, 1}) {
    Graph graph;
    const ValueId x = graph.add_input("x", DType::kF32, Shape{70});
    for (const ReduceKind kind : {ReduceKind::kMax, ReduceKind::kMin})
      for (const int64_t keep : {0, 1})
        graph.outputs.push_back(graph.add_node(Reduce{kind, keep, noop}, {x}, "y"));
    graph.outputs.push_back(
        graph.add_node(Reduce{ReduceKind::kMax, 1, noop}, {x, add_ints(graph, {0})}, "z"));
    EXPECT_TRUE(check_graph(graph));
  }
}

// Those along several axes, and others than the largest and smallest.
TEST(Steps, OtherReductions) {
  Start s;
  const ValueId axes = add_ints(s.graph, {1, -1}), axis = add_ints(s.graph, {2});
  for (const ReduceKind kind :
       {ReduceKind::kMax, ReduceKind::kMin, ReduceKind::kSum, ReduceKind::kMean})
    for (const ValueId x : {s.map, s.x}) {
      s.node(Reduce{kind, 1}, {x, axes});
      s.node(Reduce{kind, 0}, {x});
      s.node(Reduce{kind, 0}, {x, axis});
    }
  EXPECT_TRUE(check_graph(s.graph));
}

TEST(Steps, OperatorsOnOtherTypes) {
  Start s(1, {1, 2, 3, 4});
  const ValueId whole = s.graph.add_node(Cast{DType::kI64}, {s.map}, "whole");
  const ValueId turned = s.graph.add_node(Transpose{{0, 2, 3, 1}}, {whole}, "turned");
  s.node(Concat{1}, {turned, turned});
  s.node(Cast{DType::kU8}, {s.graph.add_node(Transpose{}, {whole}, "back")});
  const ValueId big =
      s.graph.add_node(Binary{BinaryKind::kGreater, 0}, {s.map, s.constant({1})}, "big");
  s.node(Transpose{}, {big});
  s.node(Where{}, {big, s.map, s.x});
  EXPECT_TRUE(check_graph(s.graph));
}

// A head's channels as rows of pixels: long ones are read where they lie, short ones copied first.
TEST(Steps, UnaryOfRowsWithinAMap) {
  for (const int64_t length : {65, 5}) {
    Start s(1, {1, 2 * length, 3, 3});
    const ValueId grouped =
        s.graph.add_node(Reshape{}, {s.map, add_ints(s.graph, {1, 2, length, 9})}, "grouped");
    const ValueId rows = s.graph.add_node(Transpose{{0, 1, 3, 2}}, {grouped}, "rows");
    s.node(Unary{UnaryKind::kSigmoid}, {rows});
    for (const int threads : {1, 3}) {
      const std::optional<Session> session = check_graph(s.graph, {.threads = threads});
      ASSERT_TRUE(session);
      size_t copies = 0;
      for (const Plan::Entry& entry : session->plan().steps())
        for (const StepInfo& info : testing::infos_of(entry.info))
          copies += info.op == "Copy" && info.node == "rows";
      EXPECT_EQ(copies, length < 64 ? 1u : 0u);
    }
  }
}

TEST(Steps, TopKAndGather) {
  Start s(1, {1, 4, 5, 6});
  const ValueId flat = s.graph.add_node(Reshape{}, {s.map, add_ints(s.graph, {1, 120})}, "flat");
  const ValueId values = s.graph.add_value("values"), indices = s.graph.add_value("indices");
  s.graph.nodes.push_back({"topk", TopK{}, {flat, add_ints(s.graph, {7})}, {values, indices}});
  s.node(GatherElements{1}, {flat, indices});
  s.node(Unary{UnaryKind::kSigmoid}, {values});
  EXPECT_TRUE(check_graph(s.graph));
}

}  // namespace
}  // namespace shrike
