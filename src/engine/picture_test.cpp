// First convolutions that read the planes of an input as they are.
#include <gtest/gtest.h>

#include "engine/testing/check.h"
#include "ir/infer.h"
#include "kernels/conv/conv_picture.h"

namespace shrike {
namespace {

using testing::add_conv;
using testing::check_graph;

// A first convolution with `stride`, and one of 1x1 behind it.
Graph network(int64_t stride, bool pooled = false) {
  std::mt19937 random(7);
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{2, 3, 44, 52});
  ValueId y = add_conv(graph, x, 16, 3, stride, random, 1, UnaryKind::kLeakyRelu);
  if (pooled) {
    MaxPool pool;
    pool.kernel_shape = pool.strides = {2, 2};
    y = graph.add_node(pool, {y}, "half");
  }
  graph.outputs = {add_conv(graph, y, 8, 1, 1, random)};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

bool copies_input(const Graph& graph, bool nhwc_ports) {
  const Result<Session> session = Session::create(graph, {.nhwc_ports = nhwc_ports});
  EXPECT_TRUE(session);
  for (const Plan::Entry& entry : session->plan().steps())
    if (entry.info.op == "Copy" && entry.info.node == "x") return true;
  return false;
}

TEST(Picture, PlanesAreReadInPlace) {
  for (const int64_t stride : {1, 2})
    for (const bool pooled : {false, true})
      for (const bool nhwc_ports : {false, true})
        for (const int threads : {1, 3}) {
          SCOPED_TRACE(stride);
          EXPECT_TRUE(
              check_graph(network(stride, pooled), {.threads = threads, .nhwc_ports = nhwc_ports}));
        }
  if (kernels::conv_picture_kernels().empty() || !cpu_features().avx2_fma)
    GTEST_SKIP() << "no kernel of this machine reads planes";
  for (const int64_t stride : {1, 2})
    for (const bool nhwc_ports : {false, true})
      EXPECT_FALSE(copies_input(network(stride), nhwc_ports));
}

// YOLOX's Focus, as passes leave it, and YOLOv5's first layer.
TEST(Picture, PlanesAreReadInPlaceBy6x6) {
  std::mt19937 random(9);
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{2, 3, 44, 116});
  graph.outputs = {add_conv(graph, x, 24, 6, 2, random, 1, UnaryKind::kSilu)};
  for (const int threads : {1, 3})
    for (const bool nhwc_ports : {false, true}) {
      const auto session = check_graph(graph, {.threads = threads, .nhwc_ports = nhwc_ports});
      ASSERT_TRUE(session);
      EXPECT_EQ(testing::count_steps(*session, "Copy"), 0u);
    }
}

// A map that others want is made once, and the first convolution reads planes nevertheless.
TEST(Picture, OthersMayReadTheInputToo) {
  Graph graph = network(2);
  std::mt19937 random(8);
  graph.outputs.push_back(add_conv(graph, graph.inputs[0], 8, 1, 1, random));
  graph.outputs.push_back(graph.add_node(Unary{UnaryKind::kExp}, {graph.inputs[0]}, "exp"));
  for (const int threads : {1, 2}) EXPECT_TRUE(check_graph(graph, {.threads = threads}));
}

}  // namespace
}  // namespace shrike
