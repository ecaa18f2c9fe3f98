// Pictures taken apart in front of a convolution.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "ir/text.h"
#include "ir/verify.h"
#include "passes/passes.h"
#include "passes/test_support.h"

namespace shrike {
namespace {

const char kStart[] =
    "input %x: f32[2,3,8,12]\nconst %zero: i64[1] = [0]\nconst %one: i64[1] = [1]\n"
    "const %two: i64[1] = [2]\nconst %three: i64[1] = [3]\n"
    "const %end: i64[1] = [9223372036854775807]\nconst %rows: i32[1] = [-2]\n";

// Rows, then columns of a phase, as exporters write it.
std::string slices(const std::string& name, const std::string& row, const std::string& column) {
  return "%" + name + "_rows: ? = Slice(%x, %" + row + ", %end, %two, %two)\n%" + name +
         ": ? = Slice(%" + name + "_rows, %" + column + ", %end, %three, %two)\n";
}

const std::string kPhases = slices("a", "zero", "zero") + slices("b", "one", "zero") +
                            slices("c", "zero", "one") + slices("d", "one", "one");
const std::string kConv = "%y: ? = Conv(%f, %w, %bias) pads=[1,0,2,1] activation=Silu\noutput %y\n";

// The graph with random weights %w (5,12,3,3) and biases %bias.
Graph network(const std::string& nodes) {
  Result<Graph> graph = parse_graph(
      std::string(kStart) + "input %w: f32[5,12,3,3]\ninput %bias: f32[5]\n" + nodes, "test");
  EXPECT_TRUE(graph) << graph.error().message;
  for (const size_t i : {1, 2}) {
    Value& value = graph->value(graph->inputs[i]);
    value.constant = noise(*value.shape, static_cast<unsigned>(i));
  }
  graph->inputs.resize(1);
  const Result<void> inferred = infer_shapes(*graph);
  EXPECT_TRUE(inferred) << inferred.error().message;
  return *graph;
}

// Runs the pass and checks that the numbers stayed.
Graph folded(const Graph& before) {
  Graph after = before;
  EXPECT_TRUE(fold_focus_into_conv(after));
  const Result<void> sound = verify(after);
  EXPECT_TRUE(sound) << sound.error().message << "\n" << print_graph(after);
  EXPECT_EQ(before.outputs.size(), after.outputs.size());
  for (size_t i = 0; i < before.outputs.size(); ++i)
    EXPECT_EQ(before.value(before.outputs[i]).name, after.value(after.outputs[i]).name);
  const Tensor picture = noise(*before.static_shape(before.inputs[0]), 4);
  expect_same(output_of(before, picture), output_of(after, picture));
  return after;
}

bool is_6x6(const Graph& graph) {
  if (graph.nodes.size() != 1) return false;
  const Node& node = graph.nodes[0];
  const Conv& conv = std::get<Conv>(node.op);
  return conv.strides == std::vector<int64_t>{2, 2} && conv.activation == UnaryKind::kSilu &&
         conv.pads == std::vector<int64_t>{2, 0, 4, 2} && node.inputs[0] == graph.inputs[0] &&
         graph.constant(node.inputs[1])->shape() == Shape{5, 3, 6, 6};
}

TEST(FoldFocus, PhasesInAnyOrder) {
  std::string order = "abcd";
  do {
    std::string parts;
    for (const char part : order) parts += std::string(parts.empty() ? "%" : ", %") + part;
    EXPECT_TRUE(is_6x6(folded(network(kPhases + "%f: ? = Concat(" + parts + ") axis=1\n" + kConv))))
        << order;
  } while (std::next_permutation(order.begin(), order.end()));
}

// Columns first, both at once, with and without the axes before, from the end, of 32-bit integers.
TEST(FoldFocus, SlicesInAnyForm) {
  const std::string a =
      "const %o: i64[2] = [0,0]\nconst %m: i64[2] = [99,99]\n"
      "const %hw: i64[2] = [2,-1]\nconst %tt: i64[2] = [2,2]\n"
      "%a: ? = Slice(%x, %o, %m, %hw, %tt)\n";
  const std::string b =
      "const %last: i64[1] = [-7]\n"
      "%b_columns: ? = Slice(%x, %zero, %end, %three, %two)\n"
      "%b: ? = Slice(%b_columns, %last, %end, %rows, %two)\n";
  const std::string c =
      "const %oooi: i64[4] = [0,0,0,1]\nconst %all: i64[4] = [99,99,99,99]\n"
      "const %zott: i64[4] = [0,1,2,3]\nconst %iitt: i64[4] = [1,1,2,2]\n"
      "%c: ? = Slice(%x, %oooi, %all, %zott, %iitt)\n";
  const std::string d =
      "const %ii: i64[4] = [0,0,1,0]\n%d_from: ? = Slice(%x, %ii, %all)\n"
      "%d_rows: ? = Slice(%d_from, %zero, %end, %two, %two)\n"
      "%d: ? = Slice(%d_rows, %one, %end, %three, %two)\n";
  EXPECT_TRUE(
      is_6x6(folded(network(a + b + c + d + "%f: ? = Concat(%a, %d, %c, %b) axis=-3\n" + kConv))));
}

TEST(FoldFocus, NotWhereSomethingElseIsMeant) {
  const std::string concat = "%f: ? = Concat(%a, %b, %c, %d) axis=1\n";
  const auto stays = [](const std::string& nodes) {
    const Graph before = network(nodes), after = folded(before);
    return print_graph(before) == print_graph(after);
  };
  EXPECT_FALSE(stays(kPhases + concat + kConv));
  EXPECT_TRUE(stays(kPhases + concat + kConv + "output %f\n"));
  EXPECT_TRUE(stays(kPhases + "%f: ? = Concat(%a, %b, %b, %d) axis=1\n" + kConv));
  EXPECT_TRUE(stays(kPhases + concat + "%y: ? = Conv(%f, %w, %bias) strides=[2,2]\noutput %y\n"));
  EXPECT_TRUE(stays(kPhases + concat + "%y: ? = Conv(%f, %w, %bias) dilations=[1,2]\noutput %y\n"));
  EXPECT_TRUE(stays(kPhases + concat + "%y: ? = Conv(%f, %w) auto_pad=SAME_UPPER\noutput %y\n"));
  EXPECT_TRUE(
      stays(kPhases + concat + "%r: ? = Neg(%f)\n%y: ? = Conv(%r, %w, %bias)\noutput %y\n"));
  // Another picture's part; quarters of a larger one.
  EXPECT_TRUE(
      stays("%n: ? = Neg(%x)\n%q: ? = Slice(%n, %zero, %end, %two, %two)\n"
            "%s: ? = Slice(%q, %zero, %end, %three, %two)\n" +
            kPhases + "%f: ? = Concat(%s, %b, %c, %d) axis=1\n" + kConv));
  EXPECT_TRUE(
      stays("const %four: i64[1] = [4]\nconst %six: i64[1] = [6]\n"
            "%l: ? = Slice(%x, %zero, %four, %two)\n%lo: ? = Slice(%x, %four, %end, %two)\n"
            "%a: ? = Slice(%l, %zero, %six, %three)\n%b: ? = Slice(%l, %six, %end, %three)\n"
            "%c: ? = Slice(%lo, %zero, %six, %three)\n"
            "%d: ? = Slice(%lo, %six, %end, %three)\n" +
            concat + kConv));
}

}  // namespace
}  // namespace shrike
