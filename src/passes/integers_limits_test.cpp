// Quantised graphs that the passes on integers have to leave alone, or to take with care.
#include <gtest/gtest.h>

#include <algorithm>

#include "ir/infer.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "passes/passes.h"

namespace shrike {
namespace {

Graph parsed(const std::string& text) {
  Result<Graph> graph = parse_graph(text, "a text");
  EXPECT_TRUE(graph) << graph.error().message;
  EXPECT_TRUE(infer_shapes(*graph));
  return *std::move(graph);
}

template <typename T>
int64_t count(const Graph& graph) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(),
                       [](const Node& node) { return std::holds_alternative<T>(node.op); });
}

// One weight of 1 (or as given) between Q and DQ, with a bias; without `y_scale` the output is
// real.
Graph one_weight(const std::string& x_scale, const std::string& w_scale, const std::string& y_scale,
                 const std::string& bias, const std::string& weight = "01") {
  const bool quantized = !y_scale.empty();
  return parsed(
      "input %x: f32[1,1,1,1]\n"
      "const %sx: f32[] = [" +
      x_scale + "]\nconst %sw: f32[] = [" + w_scale + "]\n" +
      (quantized ? "const %sy: f32[] = [" + y_scale + "]\n" : "") +
      "const %zero: u8[] = hex\"80\"\nconst %w: i8[1,1,1,1] = hex\"" + weight +
      "\"\n"
      "const %b: f32[1] = [" +
      bias +
      "]\n"
      "%q: ? = QuantizeLinear(%x, %sx, %zero)\n%r: ? = DequantizeLinear(%q, %sx, %zero)\n"
      "%v: ? = DequantizeLinear(%w, %sw)\n%c: ? = Conv(%r, %v, %b)\n" +
      (quantized ? "%y: ? = QuantizeLinear(%c, %sy, %zero)\noutput %y\n" : "output %c\n"));
}

int64_t convolutions_made(Graph graph) {
  EXPECT_TRUE(fuse_integer_conv(graph));
  const Result<void> sound = verify(graph);
  EXPECT_TRUE(sound) << sound.error().message << "\n" << print_graph(graph);
  return count<QConv>(graph);
}

TEST(IntegerLimits, ScalesWhoseRatiosOverflowStayFloat) {
  EXPECT_EQ(convolutions_made(one_weight("0.5", "0.25", "1", "0")), 1);
  EXPECT_EQ(convolutions_made(one_weight("1e20", "1", "1", "0")), 0);
  EXPECT_EQ(convolutions_made(one_weight("1", "1e20", "1", "0")), 0);
  EXPECT_EQ(convolutions_made(one_weight("1", "1", "1e-30", "0")), 1) << "whose output is real";
  EXPECT_EQ(convolutions_made(one_weight("1e-20", "1e-20", "1", "0")), 0);
}

TEST(IntegerLimits, BiasesFinerThanTheProductsStayFloat) {
  EXPECT_EQ(convolutions_made(one_weight("1", "1", "0.01", "0.4")), 0);
  EXPECT_EQ(convolutions_made(one_weight("1", "1", "0.01", "3")), 1);
  EXPECT_EQ(convolutions_made(one_weight("1", "1", "10", "0.4")), 1) << "none of y's business";
  EXPECT_EQ(convolutions_made(one_weight("1", "1", "", "0.4", "00")), 0);
  EXPECT_EQ(convolutions_made(one_weight("1", "1", "", "0.4", "7f")), 1);
}

TEST(IntegerLimits, ComputedListsOfScalesStaySigned) {
  Graph graph = parsed(R"(input %x: f32[4]
input %scales: f32[4]
const %scale: f32[] = [0.5]
const %zero: i8[] = hex"05"
%q: ? = QuantizeLinear(%x, %scale, %zero)
%y: ? = DequantizeLinear(%q, %scales) axis=0
output %y
)");
  const Result<void> made = settle_signs(graph);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(graph.value(graph.nodes[0].outputs[0]).dtype, DType::kI8);
}

TEST(IntegerLimits, AComputedScaleIsNoHindrance) {
  Graph graph = parsed(R"(input %x: f32[4]
input %scale: f32[]
const %half: f32[] = [0.5]
const %zero: i8[] = hex"05"
%q: ? = QuantizeLinear(%x, %half, %zero)
%y: ? = DequantizeLinear(%q, %scale)
output %y
)");
  ASSERT_TRUE(settle_signs(graph));
  EXPECT_EQ(graph.value(graph.nodes[0].outputs[0]).dtype, DType::kU8);
  EXPECT_TRUE(verify(graph));
}

// What an output of the graph keeps signed is found from its end on, however long the chain.
TEST(IntegerLimits, ALongChainToAnOutputStaysSigned) {
  constexpr int kNodes = 30'000;
  std::string text =
      "input %x: f32[2,2]\nconst %s: f32[] = [0.5]\nconst %z: i8[] = hex\"05\"\n"
      "%v0: ? = QuantizeLinear(%x, %s, %z)\n";
  for (int i = 0; i < kNodes; ++i)
    text +=
        "%v" + std::to_string(i + 1) + ": ? = Transpose(%v" + std::to_string(i) + ") perm=[1, 0]\n";
  Graph graph = parsed(text + "output %v" + std::to_string(kNodes) + "\n");
  ASSERT_TRUE(settle_signs(graph));
  for (const Node& node : graph.nodes) ASSERT_EQ(graph.value(node.outputs[0]).dtype, DType::kI8);
}

}  // namespace
}  // namespace shrike
