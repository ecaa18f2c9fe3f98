#include "passes/resize_input.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "ir/verify.h"
#include "passes/test_support.h"

namespace shrike {
namespace {

// A network at one size: what stands before the head is given the picture and the size.
using Body = std::function<ValueId(Graph& g, ValueId x, int64_t height, int64_t width)>;

// The body, then a head of strides 8 and 16 whose maps read what the body gives.
Graph network(const Body& body, int64_t height, int64_t width) {
  Graph g;
  const ValueId picture = g.add_input("images", DType::kF32, Shape{1, 3, height, width});
  const ValueId x = body(g, picture, height, width);
  Head head = yolox(true);
  std::vector<ValueId> maps;
  for (int64_t stride : head.strides)
    for (int64_t channels : {4, 1, 5}) {
      Conv conv;
      conv.strides = {stride, stride};
      const auto seed = static_cast<unsigned>(stride + channels);
      const ValueId w = g.add_constant("w", noise(Shape{channels, 3, stride, stride}, seed));
      maps.push_back(g.add_node(conv, {x, w}, "map"));
    }
  g.outputs = {g.add_node(head, maps, "output0")};
  const Result<void> inferred = infer_shapes(g);
  EXPECT_TRUE(inferred) << inferred.error().message;
  return g;
}

ValueId ints(Graph& g, const std::vector<int64_t>& values) {
  return g.add_constant("ints",
                        Tensor::from<int64_t>(Shape{static_cast<int64_t>(values.size())}, values));
}

ValueId reshaped(Graph& g, ValueId x, const std::vector<int64_t>& dims) {
  return g.add_node(Reshape{}, {x, ints(g, dims)}, "reshaped");
}

// Resizing what was built at one size gives what is built at the other.
void expect_follows(const Body& body, std::array<int64_t, 2> from, std::array<int64_t, 2> to) {
  Graph resized = network(body, from[0], from[1]);
  const Result<void> done = resize_input(resized, to[0], to[1]);
  ASSERT_TRUE(done) << done.error().message;
  const Result<void> sound = verify(resized);
  ASSERT_TRUE(sound) << sound.error().message;
  const Tensor picture = noise(Shape{1, 3, to[0], to[1]}, 5);
  expect_same(output_of(network(body, to[0], to[1]), picture), output_of(resized, picture));
}

void expect_refused(const Body& body, const std::string& why) {
  Graph graph = network(body, 96, 160);
  const Graph before = graph;
  const Result<void> done = resize_input(graph, 192, 64);
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("cannot run at another size"), std::string::npos)
      << done.error().message;
  EXPECT_NE(done.error().message.find(why), std::string::npos) << done.error().message;
  EXPECT_TRUE(same_graph(before, graph));
}

TEST(ResizeInput, GivesTheGraphOfTheOtherSize) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    Graph graph = with_head(c.head, c.channels);
    EXPECT_FALSE(resize_input(graph, 72, 96)) << "72 is no multiple of the largest stride";
    ASSERT_TRUE(resize_input(graph, 128, 32));
    ASSERT_TRUE(verify(graph));
    EXPECT_EQ(graph.metadata["imgsz"], "[128, 32]");
    const Tensor picture = noise(Shape{1, 3, 128, 32}, 1);
    expect_same(output_of(with_head(c.head, c.channels, 128, 32), picture),
                output_of(graph, picture));
  }
}

// Softmax over the tokens of an area, at stride 8; to areas and back as YOLO12 does.
ValueId area_attention(Graph& g, ValueId x, int64_t height, int64_t width) {
  const int64_t rows = height / 8, columns = width / 8, cells = rows * columns;
  Conv down, up;
  down.strides = {8, 8};
  ConvTranspose back;
  back.strides = {8, 8};
  const ValueId map =
      g.add_node(down, {x, g.add_constant("w", noise(Shape{8, 3, 8, 8}, 21))}, "down");
  const ValueId tokens = g.add_node(
      Transpose{{0, 2, 1}}, {reshaped(g, reshaped(g, map, {1, 2, 4, cells}), {1, 8, cells})}, "t");
  const ValueId areas = reshaped(g, tokens, {4, cells / 4, 2, 4});
  const ValueId attended = g.add_node(Softmax{1}, {areas}, "softmax");
  const ValueId rows_last = reshaped(g, attended, {1, rows, columns, 8});
  const ValueId y = g.add_node(Transpose{{0, 3, 1, 2}}, {rows_last}, "t");
  return g.add_node(back, {y, g.add_constant("w", noise(Shape{8, 3, 8, 8}, 22))}, "back");
}

TEST(ResizeInput, RewritesAttentionReshapes) {
  expect_follows(area_attention, {96, 160}, {64, 48});
  expect_follows(area_attention, {96, 160}, {160, 96});
  expect_follows(area_attention, {80, 80}, {320, 16});
}

TEST(ResizeInput, OpensSlicesAndExpansionsOfWholeAxes) {
  expect_follows(
      [](Graph& g, ValueId x, int64_t height, int64_t width) {
        const ValueId part = g.add_node(
            Slice{}, {x, ints(g, {0, 0}), ints(g, {height, width}), ints(g, {2, 3})}, "part");
        return g.add_node(Expand{}, {part, ints(g, {1, 3, height, 1})}, "same");
      },
      {96, 160}, {192, 64});
}

// Every second row and column, back to the full size by sizes.
TEST(ResizeInput, FollowsStridedSlicesAndFixedSizes) {
  expect_follows(
      [](Graph& g, ValueId x, int64_t height, int64_t width) {
        const ValueId half = g.add_node(
            Slice{},
            {x, ints(g, {1, 0}), ints(g, {INT64_MAX, width}), ints(g, {-2, -1}), ints(g, {2, 2})},
            "half");
        return g.add_node(Resize{}, {half, kNoValue, ints(g, {1, 3, height, width})}, "twice");
      },
      {96, 160}, {192, 64});
}

// yolov3-tiny's last pooling: a border below and on the right, windows of 2 at every pixel.
TEST(ResizeInput, KeepsTheBordersOfLayers) {
  expect_follows(
      [](Graph& g, ValueId x, int64_t, int64_t) {
        const ValueId padded = g.add_node(Pad{}, {x, ints(g, {0, 0, 0, 0, 0, 0, 1, 1})}, "padded");
        MaxPool pool;
        pool.kernel_shape = {2, 2};
        return g.add_node(pool, {padded}, "pooled");
      },
      {96, 160}, {192, 64});
}

TEST(ResizeInput, RefusesPartsOfAnAxis) {
  // A crop to the saved height, of a picture that was larger: the head's maps do not fit.
  expect_refused(
      [](Graph& g, ValueId x, int64_t height, int64_t) {
        const ValueId twice = g.add_node(
            Resize{}, {x, g.add_constant("s", Tensor::from<float>(Shape{4}, {1, 1, 2, 1}))}, "up");
        return g.add_node(Slice{}, {twice, ints(g, {0}), ints(g, {height}), ints(g, {2})}, "crop");
      },
      "Slice node");
  expect_refused(
      [](Graph& g, ValueId x, int64_t height, int64_t) {
        const ValueId y = g.add_value("upper");
        const ValueId z = g.add_value("lower");
        g.nodes.push_back({"split", Split{2}, {x, ints(g, {height / 2, height / 2})}, {y, z}});
        return g.add_node(Concat{2}, {z, y}, "swapped");
      },
      "Split node 'split' selects");
  expect_refused(
      [](Graph& g, ValueId x, int64_t height, int64_t) {
        std::vector<int64_t> order;
        for (int64_t row = height; row-- > 0;) order.push_back(row);
        return g.add_node(Gather{2}, {x, ints(g, order)}, "flipped");
      },
      "Gather node");
}

TEST(ResizeInput, RefusesFixedExtents) {
  const Body scaled_by_a_row = [](Graph& g, ValueId x, int64_t, int64_t width) {
    const ValueId mean = g.add_node(Reduce{ReduceKind::kMean, 1, 0}, {x, ints(g, {2, 3})}, "mean");
    const ValueId row = g.add_node(Expand{}, {mean, ints(g, {1, 3, 1, width})}, "row");
    return g.add_node(Binary{BinaryKind::kMul, 0}, {x, row}, "scaled");
  };
  expect_refused(scaled_by_a_row, "Expand node");
  expect_refused(
      [](Graph& g, ValueId x, int64_t, int64_t width) {
        const ValueId mean =
            g.add_node(Reduce{ReduceKind::kMean, 1, 0}, {x, ints(g, {2, 3})}, "mean");
        const ValueId row = g.add_node(Tile{}, {mean, ints(g, {1, 1, 1, width})}, "row");
        return g.add_node(Binary{BinaryKind::kMul, 0}, {x, row}, "scaled");
      },
      "Tile node");
  // A window of the saved picture's size.
  expect_refused(
      [](Graph& g, ValueId x, int64_t height, int64_t width) {
        AveragePool pool;
        pool.kernel_shape = {height, width};
        const ValueId mean = g.add_node(pool, {x}, "mean");
        return g.add_node(Binary{BinaryKind::kMul, 0}, {x, mean}, "scaled");
      },
      "");
}

// Rows are filled up to a square, and the saved network's maps are those of the square.
TEST(ResizeInput, RefusesMapsThatAreNotThePictures) {
  expect_refused(
      [](Graph& g, ValueId x, int64_t height, int64_t width) {
        return g.add_node(Pad{}, {x, ints(g, {0, 0, 0, 0, 0, 0, width - height, 0})}, "square");
      },
      "gets map 0 as 1x4x20x20 at 96x160");
}

// Windows of five tokens: more of them at a larger size, or larger ones? Both are networks.
TEST(ResizeInput, RefusesWindowsThatMayBeAreas) {
  expect_refused(
      [](Graph& g, ValueId x, int64_t height, int64_t width) {
        const ValueId flat = reshaped(g, x, {1, 3, height * width});
        const ValueId tokens = g.add_node(Transpose{{0, 2, 1}}, {flat}, "t");
        const ValueId windows = reshaped(g, tokens, {height * width / 5, 5, 3});
        const ValueId attended = g.add_node(Softmax{1}, {windows}, "softmax");
        const ValueId back = reshaped(g, attended, {1, height, width, 3});
        return g.add_node(Transpose{{0, 3, 1, 2}}, {back}, "t");
      },
      "turns 1x15360x3 into 3072x5x3");
}

// A global pooling that an exporter wrote with the size of the saved map.
TEST(ResizeInput, PoolsOverTheWholeMapAreRefused) {
  expect_refused(
      [](Graph& g, ValueId x, int64_t height, int64_t width) {
        AveragePool pool;
        pool.kernel_shape = pool.strides = {height, width};
        const ValueId mean = g.add_node(pool, {x}, "mean");
        return g.add_node(Binary{BinaryKind::kAdd}, {x, mean}, "sum");
      },
      "pools over the whole map");
}

}  // namespace
}  // namespace shrike
