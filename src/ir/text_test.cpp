#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "ir/text.h"

namespace shrike {
namespace {

Graph everything() {
  Graph g;
  g.name = "every \"operator\"\nonce";
  g.metadata = {{"names", "{0: 'a\\'b'}"}, {"stride", "32"}, {"", ""}};
  const ValueId x = g.add_input("images", DType::kF32, Shape{kDynamic, 3, 8, 8});
  g.value(x).symbols = {"batch", "", "", ""};
  const ValueId w =
      g.add_constant("model.0/conv:weight",
                     Tensor::from<float>(Shape{1, 3, 1, 1},
                                         {0.1f, -0.0f, std::numeric_limits<float>::denorm_min()}));
  g.add_constant("odd name %\"", Tensor::from<float>(Shape{2}, {NAN, INFINITY}));
  g.add_constant("empty", Tensor(DType::kI64, Shape{0}));
  g.add_constant("long", Tensor(DType::kF32, Shape{100}));
  g.add_constant("half", Tensor(DType::kF16, Shape{3}));
  g.add_constant("flag", Tensor(DType::kBool, Shape{}));
  // Every operator by default, with two inputs, one absent.
  for (std::string_view name : {"Conv", "ConvTranspose", "BatchNormalization", "MaxPool", "Resize",
                                "Sigmoid", "Silu", "Add", "GreaterOrEqual", "Cast", "Concat",
                                "Reshape", "ConstantOfShape", "TopK", "ReduceMean", "Head"})
    g.outputs = {g.add_node(*op_from_name(name), {x, kNoValue, w}, name)};
  Conv conv;
  conv.strides = {2, 1};
  conv.activation = UnaryKind::kLeakyRelu;
  conv.alpha = 0.1f;
  g.add_node(conv, {x, w}, "y");
  Head head;
  head.kind = HeadKind::kDarknet;
  head.anchors = {10, 14.5f};
  head.decoded = false;
  g.add_node(head, {x}, "head");
  g.add_node(Cast{DType::kI64}, {x}, "cast");
  ConstantOfShape filled;
  filled.value = Tensor::from<int64_t>(Shape{1}, {-7});
  g.add_node(filled, {x}, "filled");
  g.nodes.back().outputs.push_back(kNoValue);
  g.nodes.back().name.clear();
  return g;
}

TEST(GraphText, ParseOfPrintIsTheGraph) {
  const Graph g = everything();
  const std::string text = print_graph(g);
  const Result<Graph> back = parse_graph(text, "test");
  ASSERT_TRUE(back) << back.error().message << "\n" << text;
  EXPECT_TRUE(same_graph(g, *back)) << text;
  EXPECT_EQ(print_graph(*back), text);
}

TEST(GraphText, EveryNameIsReadBack) {
  for (const char* name : {"a:0", "a:", ":", "a::", "_", "...", "%", "a b", "\xff\x01", "\\", "\"",
                           "tab\there", "-", "f32", "#"}) {
    Graph g;
    const ValueId x = g.add_input(name, DType::kF32, Shape{2});
    g.outputs = {g.add_node(Unary{}, {x}, "y" + std::string(name))};
    const Result<Graph> back = parse_graph(print_graph(g), "test");
    ASSERT_TRUE(back) << back.error().message << "\n" << print_graph(g);
    EXPECT_TRUE(same_graph(g, *back)) << print_graph(g);
  }
}

// Text that is shown in a terminal must not command it.
TEST(GraphText, ControlCharactersAreWrittenAsTheirCodes) {
  Graph g;
  g.name = "\x1b[2J\xc2\x9b\xc2\xa0\x7f\xc3\xa4";
  EXPECT_EQ(print_graph(g), "graph \"\\x1b[2J\\xc2\\x9b\xc2\xa0\\x7f\xc3\xa4\"\n");
  EXPECT_EQ(parse_graph(print_graph(g), "test")->name, g.name);
  for (const char* wrong : {"graph \"\\x1\"", "graph \"\\xg0\"", "graph \"\\x", "graph \"\\x1"})
    EXPECT_FALSE(parse_graph(wrong, "test")) << wrong;
}

TEST(GraphText, EmptySymbolsAreNone) {
  Graph g;
  g.outputs = {g.add_input("x", DType::kF32, Shape{kDynamic, 2})};
  Graph empty = g, named = g;
  empty.value(0).symbols = {"", ""};
  named.value(0).symbols = {"n"};
  EXPECT_TRUE(same_graph(g, empty));
  EXPECT_FALSE(same_graph(g, named));
  for (const Graph* graph : {&empty, &named})
    EXPECT_TRUE(same_graph(*graph, *parse_graph(print_graph(*graph), "test")));
}

TEST(GraphText, EveryOperatorHasANameThatFindsIt) {
  const auto check = [](const Op& op) {
    const std::optional<Op> found = op_from_name(op_name(op));
    ASSERT_TRUE(found) << op_name(op);
    EXPECT_TRUE(*found == op) << op_name(op);
  };
  for (const auto& row : kUnaryKinds) check(Unary{row.value, 0, 0});
  for (const auto& row : kBinaryKinds) check(Binary{row.value, 0});
  for (const auto& row : kReduceKinds) check(Reduce{row.value, 1, 0});
  check(Conv{});
  check(NonMaxSuppression{});
}

TEST(GraphText, OperatorsThatOnlyMoveElementsSaySo) {
  for (const char* name : {"Concat", "Shape", "Cast", "Where", "Pad", "Identity"})
    EXPECT_FALSE(does_arithmetic(*op_from_name(name))) << name;
  for (const char* name : {"Conv", "Relu", "Range", "Add", "TopK", "Head"})
    EXPECT_TRUE(does_arithmetic(*op_from_name(name))) << name;
}

TEST(GraphText, ExtremeFloatsKeepTheirBits) {
  std::mt19937 random(7);
  std::vector<float> values(60);
  for (float& v : values) {
    do v = std::bit_cast<float>(static_cast<uint32_t>(random()));
    while (std::isnan(v));
  }
  Graph g;
  g.outputs = {g.add_constant("c", Tensor::from<float>(Shape{60}, values))};
  EXPECT_TRUE(same_graph(g, *parse_graph(print_graph(g), "test")));
}

TEST(GraphText, BadTextNamesSourceAndLine) {
  for (const char* text : {"graph",
                           "input %x f32[1]",
                           "input %x: f99[1]",
                           "input %x: f32[1\n",
                           "const %c: f32[2] = [1]",
                           "const %c: f32[2] = [1, 2",
                           "const %c: f32[2] = ...",
                           "const %c: f32[1] = hex\"00\"",
                           "const %c: f32[1] = hex\"zz",
                           "output %nowhere",
                           "%y: f32 = Nothing()",
                           "%y: f32 = Relu(%nowhere)",
                           "%y: f32 = Concat() axis=x",
                           "%y: f32 = Concat() azis=1",
                           "const %c: f32[99999999999,99999999999] = hex\"\"",
                           "input %x: f32[-3]",
                           "input %x: f32[1]\ninput %x: f32[1]",
                           "%y: f32 = Concat(",
                           "%",
                           "\"",
                           "meta \"a\""}) {
    const Result<Graph> graph = parse_graph(text, "bad.txt");
    ASSERT_FALSE(graph) << text;
    EXPECT_NE(graph.error().message.find("bad.txt, line "), std::string::npos);
  }
}

TEST(GraphText, LongConstantsCanBeElided) {
  Graph g;
  g.outputs = {g.add_constant("c", Tensor(DType::kF32, Shape{100}))};
  EXPECT_NE(print_graph(g, {.elide_over = 8}).find("= ..."), std::string::npos);
}

}  // namespace
}  // namespace shrike
