// What is written in place and what is copied, in every way values meet in a Concat.
#include <gtest/gtest.h>

#include "engine/testing/check.h"

namespace shrike {
namespace {

using testing::add_conv;
using testing::add_ints;
using testing::check_graph;
using testing::count_steps;
using testing::kernel_of;

struct Maps {
  explicit Maps(int64_t batch = 2) : random(7) {
    x = graph.add_input("x", DType::kF32, Shape{batch, 3, 6, 5});
  }
  ValueId conv(ValueId from, int64_t channels) {
    return add_conv(graph, from, channels, 3, 1, random, 1, UnaryKind::kSilu);
  }
  ValueId concat(std::vector<ValueId> parts, int64_t axis = 1) {
    return graph.add_node(Concat{axis}, std::move(parts), "joined");
  }
  std::pair<ValueId, ValueId> halves(ValueId whole) {
    const ValueId a = graph.add_value("half"), b = graph.add_value("half");
    graph.nodes.push_back({"", Split{1}, {whole, kNoValue}, {a, b}});
    return {a, b};
  }
  std::mt19937 random;
  Graph graph;
  ValueId x;
};

TEST(Concat, WritesMapsInPlace) {
  Maps m;
  const ValueId a = m.conv(m.x, 5), b = m.conv(a, 7), c = m.conv(b, 4);
  const ValueId y = m.concat({a, b, c});
  m.graph.outputs = {m.conv(y, 3), b};
  const auto session = check_graph(m.graph);
  ASSERT_TRUE(session);
  EXPECT_EQ(kernel_of(*session, "Concat"), "in_place");
}

TEST(Concat, PartsOfASplitStayWhereTheyAre) {  // YOLOv8's C2f
  Maps m;
  const ValueId whole = m.conv(m.x, 8);
  const auto [a, b] = m.halves(whole);
  const ValueId c = m.conv(b, 4);
  const ValueId d = add_conv(m.graph, c, 4, 3, 1, m.random, 1, UnaryKind::kSilu, b);
  m.graph.outputs = {m.conv(m.concat({a, b, d}), 6)};
  const auto session = check_graph(m.graph);
  ASSERT_TRUE(session);
  EXPECT_EQ(kernel_of(*session, "Concat"), "in_place");
}

// The scores of a head of Darknet's.
TEST(Concat, WritesLongRowsInPlace) {
  const auto kernel = [](int64_t scores, bool read_again) {
    Graph graph;
    const ValueId boxes = graph.add_input("boxes", DType::kF32, Shape{2, 3, 7, 4});
    const ValueId logits = graph.add_input("logits", DType::kF32, Shape{2, 3, 7, scores});
    const ValueId known = graph.add_node(Unary{UnaryKind::kSigmoid}, {logits}, "scores");
    const ValueId joined = graph.add_node(Concat{-1}, {boxes, known, boxes}, "joined");
    graph.outputs = {graph.add_node(Concat{2}, {joined, joined}, "twice")};
    if (read_again) graph.outputs.push_back(known);
    const auto session = check_graph(graph);
    return session ? std::string(kernel_of(*session, "Concat")) : std::string();
  };
  EXPECT_EQ(kernel(40, false), "copy 2 of 3");
  EXPECT_EQ(kernel(40, true), "copy 3 of 3");
  EXPECT_EQ(kernel(5, false), "copy 3 of 3");
}

TEST(Concat, PartsOfLongRowsAreCopied) {
  Graph graph;
  std::mt19937 random(3);
  const ValueId x = graph.add_input("x", DType::kF32, Shape{2, 7, 80});
  const ValueId known = graph.add_node(Unary{UnaryKind::kSigmoid}, {x}, "known");
  const ValueId first = graph.add_value("first"), second = graph.add_value("second");
  graph.nodes.push_back({"", Split{2}, {known, kNoValue}, {first, second}});
  const ValueId other = graph.add_node(Unary{UnaryKind::kSigmoid}, {x}, "other");
  graph.outputs = {graph.add_node(Concat{-1}, {second, x, first}, "parts"),
                   graph.add_node(Concat{-1}, {other, x, other}, "twice")};
  const auto session = check_graph(graph);
  ASSERT_TRUE(session);
  EXPECT_EQ(kernel_of(*session, "Concat"), "copy 3 of 3");
}

// Tensors without gaps, in pieces that threads share.
TEST(Concat, LongCopies) {
  Graph graph;
  std::vector<ValueId> parts;
  for (const int64_t length : {20'001, 5, 40'000})
    parts.push_back(graph.add_input("x" + std::to_string(length), DType::kF32, Shape{1, length}));
  graph.outputs = {graph.add_node(Concat{1}, parts, "joined")};
  for (const int threads : {1, 3}) {
    const auto session = check_graph(graph, {.threads = threads});
    ASSERT_TRUE(session);
    EXPECT_EQ(kernel_of(*session, "Concat"), "copy 3 of 3");
  }
}

TEST(Concat, PartsInAnotherOrderAreCopied) {
  Maps m;
  const auto [a, b] = m.halves(m.conv(m.x, 8));
  const ValueId c = m.conv(m.x, 4);
  m.graph.outputs = {m.concat({b, c, a})};
  const auto session = check_graph(m.graph);
  ASSERT_TRUE(session);
  EXPECT_EQ(kernel_of(*session, "Concat"), "copy 2 of 3");
}

TEST(Concat, HalfOfASplitIsCopied) {  // C2PSA: the other half goes another way
  Maps m;
  const auto [a, b] = m.halves(m.conv(m.x, 8));
  m.graph.outputs = {m.conv(m.concat({a, m.conv(b, 4)}), 3)};
  const auto session = check_graph(m.graph);
  ASSERT_TRUE(session);
  EXPECT_EQ(kernel_of(*session, "Concat"), "copy 1 of 2");
}

TEST(Concat, TheSameValueTwiceIsCopiedOnce) {
  Maps m;
  const ValueId a = m.conv(m.x, 5);
  m.graph.outputs = {m.concat({a, a}), a};
  const auto session = check_graph(m.graph);
  ASSERT_TRUE(session);
  EXPECT_EQ(kernel_of(*session, "Concat"), "copy 1 of 2");
}

TEST(Concat, OfConcatsIsOneBuffer) {
  Maps m;
  const ValueId a = m.conv(m.x, 2), b = m.conv(m.x, 3), c = m.conv(m.x, 4), d = m.conv(m.x, 5);
  const ValueId inner = m.concat({m.concat({a, b}), c});
  m.graph.outputs = {m.conv(m.concat({d, inner}), 3), inner};
  const auto session = check_graph(m.graph);
  ASSERT_TRUE(session);
  for (const Plan::Entry& entry : session->plan().steps()) {
    if (entry.info.op != "Concat") continue;
    EXPECT_EQ(entry.info.kernel, "in_place");
  }
}

TEST(Concat, AValueInTwoIsCopiedIntoTheSecond) {
  Maps m;
  const ValueId a = m.conv(m.x, 2), b = m.conv(m.x, 3);
  m.graph.outputs = {m.concat({a, b}), m.concat({b, a})};
  const auto session = check_graph(m.graph);
  ASSERT_TRUE(session);
  EXPECT_EQ(kernel_of(*session, "Concat"), "in_place");
  EXPECT_EQ(session->plan().steps().back().info.kernel, "copy 2 of 2");
}

TEST(Concat, InputsAndConstantsAreCopied) {
  Maps m;
  const ValueId a = m.conv(m.x, 2);
  const ValueId k = m.graph.add_constant("k", testing::random_tensor({2, 3, 6, 5}, m.random));
  m.graph.outputs = {m.concat({m.x, a, k})};
  for (bool ports : {false, true}) {
    const auto session = check_graph(m.graph, {.nhwc_ports = ports});
    ASSERT_TRUE(session);
    EXPECT_EQ(kernel_of(*session, "Concat"), "copy 2 of 3");
  }
}

TEST(Concat, OverOtherAxes) {
  for (int64_t axis : {0, 2, 3, -1}) {
    Maps m;
    const ValueId a = m.conv(m.x, 4), b = m.conv(a, 4);
    const ValueId y = m.concat({a, b}, axis);
    m.graph.outputs = {m.conv(y, 3)};
    EXPECT_TRUE(check_graph(m.graph)) << axis;
  }
}

TEST(Concat, OfMapsAndTensors) {
  Maps m;
  const ValueId a = m.conv(m.x, 4);
  const ValueId t = m.graph.add_node(Softmax{1}, {a}, "t");
  m.graph.outputs = {m.concat({t, a, t})};
  EXPECT_TRUE(check_graph(m.graph));
}

TEST(Concat, DenseTensorsOverTheOutermostAxisStayInPlace) {
  Maps m(1);
  const ValueId a = m.graph.add_node(Softmax{1}, {m.conv(m.x, 4)}, "a");
  const ValueId b = m.graph.add_node(Softmax{2}, {m.conv(m.x, 2)}, "b");
  const ValueId flat_a = m.graph.add_node(Reshape{}, {a, add_ints(m.graph, {1, 4, 30})}, "fa");
  const ValueId flat_b = m.graph.add_node(Reshape{}, {b, add_ints(m.graph, {1, 2, 30})}, "fb");
  const ValueId c = m.graph.add_node(Unary{UnaryKind::kExp}, {flat_a}, "c");
  m.graph.outputs = {m.concat({flat_b, flat_a, c}), a};
  const auto session = check_graph(m.graph);
  ASSERT_TRUE(session);
  EXPECT_EQ(kernel_of(*session, "Concat"), "in_place");
}

TEST(Concat, HeadsAreTransposedStraightIntoIt) {  // the three scales of a detection head
  Maps m(1);
  std::vector<ValueId> parts;
  for (int64_t stride : {1, 2, 3}) {
    const ValueId map = add_conv(m.graph, m.x, 7, 3, stride, m.random);
    parts.push_back(m.graph.add_node(Reshape{}, {map, add_ints(m.graph, {1, 7, -1})}, "flat"));
  }
  m.graph.outputs = {m.concat(parts, 2)};
  const auto session = check_graph(m.graph);
  ASSERT_TRUE(session);
  EXPECT_EQ(count_steps(*session, "Copy"), 1u);  // the input's
}

TEST(Concat, APictureTakenApartBecomesAMapInOnePass) {  // YOLOX's Focus
  for (bool ports : {false, true}) {
    Maps m;
    std::vector<ValueId> parts;
    for (int64_t x : {0, 1})
      for (int64_t y : {0, 1}) {
        const ValueId part =
            m.graph.add_node(Slice{},
                             {m.x, add_ints(m.graph, {y, x}), add_ints(m.graph, {6, 4 + x}),
                              add_ints(m.graph, {2, 3}), add_ints(m.graph, {2, 2})},
                             "part");
        parts.push_back(part);
      }
    m.graph.outputs = {m.conv(m.concat(parts), 5)};
    const auto session = check_graph(m.graph, {.nhwc_ports = ports});
    ASSERT_TRUE(session);
    EXPECT_EQ(kernel_of(*session, "Concat"), "copy 4 of 4");
    EXPECT_EQ(count_steps(*session, "Copy"), 0u);
  }
}

TEST(Concat, RowsOfMapsStayRows) {  // YOLOX's outputs
  for (int64_t batch : {1, 2}) {
    Maps m(batch);
    std::vector<ValueId> parts;
    for (int64_t stride : {1, 2, 3}) {
      const ValueId map = add_conv(m.graph, m.x, 7, 3, stride, m.random);
      parts.push_back(m.graph.add_node(Reshape{}, {map, add_ints(m.graph, {0, 7, -1})}, "flat"));
    }
    const ValueId joined = m.concat(parts, 2);
    m.graph.outputs = {m.graph.add_node(Transpose{{0, 2, 1}}, {joined}, "rows")};
    const auto session = check_graph(m.graph);
    ASSERT_TRUE(session);
    EXPECT_EQ(count_steps(*session, "Copy"), 1u);  // the input's
    EXPECT_EQ(kernel_of(*session, "Concat"), batch == 1 ? "in_place" : "copy 3 of 3");
    EXPECT_TRUE(is_dense(session->plan().outputs()[0].slot.view));
  }
}

// Channels of parts of heads, and pixels of the heads: nothing is copied but the input.
TEST(Concat, RowsOfMapsThatAreJoinedThemselves) {
  Maps m(1);
  std::vector<ValueId> parts;
  for (int64_t stride : {1, 2, 3}) {
    const ValueId map = m.concat({add_conv(m.graph, m.x, 4, 3, stride, m.random),
                                  add_conv(m.graph, m.x, 3, 3, stride, m.random)});
    parts.push_back(m.graph.add_node(Reshape{}, {map, add_ints(m.graph, {0, 7, -1})}, "flat"));
  }
  m.graph.outputs = {m.graph.add_node(Transpose{{0, 2, 1}}, {m.concat(parts, 2)}, "rows")};
  const auto session = check_graph(m.graph);
  ASSERT_TRUE(session);
  EXPECT_EQ(count_steps(*session, "Copy"), 1u);
  EXPECT_EQ(count_steps(*session, "Concat"), 4u);
  for (const Plan::Entry& entry : session->plan().steps())
    if (entry.info.op == "Concat") EXPECT_EQ(entry.info.kernel, "in_place");
}

// Parts of a map, and a map's pixels that are joined twice, are copied.
TEST(Concat, RowsOfPartsOfMaps) {
  for (const bool twice : {false, true}) {
    Maps m(1);
    const auto flat = [&](ValueId part, int64_t channels) {
      return m.graph.add_node(Reshape{}, {part, add_ints(m.graph, {0, channels, -1})}, "flat");
    };
    const ValueId map = m.conv(m.x, 8);
    std::vector<ValueId> rows = {flat(map, 8), flat(map, 8)};
    if (!twice) {
      const auto [upper, lower] = m.halves(map);
      rows = {flat(lower, 4), flat(upper, 4)};
    }
    m.graph.outputs = {m.graph.add_node(Transpose{{0, 2, 1}}, {m.concat(rows, 2)}, "rows")};
    const auto session = check_graph(m.graph);
    ASSERT_TRUE(session);
    EXPECT_EQ(kernel_of(*session, "Concat"), twice ? "copy 1 of 2" : "copy 2 of 2");
  }
}

TEST(Concat, OutputsMayLieInsideIt) {
  for (bool ports : {false, true}) {
    Maps m;
    const ValueId a = m.conv(m.x, 4), b = m.conv(m.x, 3);
    m.graph.outputs = {a, m.concat({b, a}), b};
    EXPECT_TRUE(check_graph(m.graph, {.nhwc_ports = ports}));
  }
}

}  // namespace
}  // namespace shrike
