#include <gtest/gtest.h>

#include "ir/infer.h"
#include "ir/text.h"

namespace shrike {
namespace {

// The shape that one statement, written in the graph's text form, is inferred to give to its first
// output; "error" when the rule refuses.
std::string inferred(const std::string& declarations, const std::string& node) {
  Result<Graph> graph = parse_graph(declarations + "\n%y: ? = " + node, "test");
  if (!graph) return graph.error().message;
  if (!infer_shapes(*graph)) return "error";
  const Value& y = graph->value(*graph->find_value("y"));
  return std::string(dtype_name(y.dtype)) + " " + (y.shape ? to_string(*y.shape) : "unknown");
}

const char kImage[] = "input %x: f32[1,4,9,7]\ninput %d: f32[1,4,?,?]\n";

TEST(Infer, Convolution) {
  const std::string w = std::string(kImage) + "input %w: f32[8,4,3,3]\ninput %g: f32[8,2,3,3]\n";
  EXPECT_EQ(inferred(w, "Conv(%x, %w)"), "f32 1x8x7x5");
  EXPECT_EQ(inferred(w, "Conv(%x, %w) strides=[2,2] pads=[1,1,1,1]"), "f32 1x8x5x4");
  EXPECT_EQ(inferred(w, "Conv(%x, %w) dilations=[2,3]"), "f32 1x8x5x1");
  EXPECT_EQ(inferred(w, "Conv(%x, %w) strides=[2,2] auto_pad=SAME_UPPER"), "f32 1x8x5x4");
  EXPECT_EQ(inferred(w, "Conv(%d, %w) strides=[2,2] pads=[1,1,1,1]"), "f32 1x8x?x?");
  EXPECT_EQ(inferred(w, "Conv(%x, %g) group=2"), "f32 1x8x7x5");
  EXPECT_EQ(inferred(w, "Conv(%x, %g)"), "error");
  EXPECT_EQ(inferred(w, "Conv(%x, %w) dilations=[9,9]"), "error");
  EXPECT_EQ(inferred(w, "Conv(%x, %w) strides=[0,1]"), "error");
  EXPECT_EQ(inferred(w, "Conv(%x, %w) strides=[1]"), "error");
  EXPECT_EQ(inferred(w, "Conv(%x, %w) pads=[9223372036854775807,1,1,1]"), "error");
  EXPECT_EQ(inferred(w, "Conv(%x, %w) group=0"), "error");
  EXPECT_EQ(inferred(w, "Conv(%x)"), "error");
}

TEST(Infer, TransposedConvolution) {
  const std::string w = std::string(kImage) + "input %w: f32[4,6,2,2]\n";
  EXPECT_EQ(inferred(w, "ConvTranspose(%x, %w) strides=[2,2]"), "f32 1x6x18x14");
  EXPECT_EQ(inferred(w, "ConvTranspose(%x, %w) strides=[2,2] output_padding=[1,0]"),
            "f32 1x6x19x14");
  EXPECT_EQ(inferred(w, "ConvTranspose(%x, %w) pads=[9,9,9,9]"), "error");
}

TEST(Infer, PoolsAndResize) {
  EXPECT_EQ(inferred(kImage, "MaxPool(%x) kernel_shape=[2,2] strides=[2,2]"), "f32 1x4x4x3");
  EXPECT_EQ(inferred(kImage, "MaxPool(%x) kernel_shape=[2,2] strides=[2,2] ceil_mode=1"),
            "f32 1x4x5x4");
  EXPECT_EQ(inferred(kImage, "MaxPool(%x) kernel_shape=[2,2] pads=[0,0,1,1]"), "f32 1x4x9x7");
  EXPECT_EQ(inferred(kImage, "GlobalAveragePool(%x)"), "f32 1x4x1x1");
  EXPECT_EQ(inferred(std::string(kImage) + "const %s: f32[4] = [1,1,2,2]", "Resize(%x, %s)"),
            "f32 1x4x18x14");
  EXPECT_EQ(inferred(std::string(kImage) + "const %s: f32[4] = [1,1,0.5,0.5]", "Resize(%x, %s)"),
            "f32 1x4x4x3");
  EXPECT_EQ(inferred(std::string(kImage) + "const %s: i64[4] = [1,4,3,2]", "Resize(%x, _, %s)"),
            "f32 1x4x3x2");
  EXPECT_EQ(inferred(std::string(kImage) + "const %s: f32[4] = [2,1,2,2]", "Resize(%x, %s)"),
            "error");
  EXPECT_EQ(inferred(std::string(kImage) + "const %s: f32[4] = [1,1,1e30,2]", "Resize(%x, %s)"),
            "error");
}

TEST(Infer, Broadcasting) {
  const std::string ab =
      "input %a: f32[2,1,3]\ninput %b: f32[4,1]\ninput %c: f32[5]\ninput %i: i64[3]\n";
  EXPECT_EQ(inferred(ab, "Add(%a, %b)"), "f32 2x4x3");
  EXPECT_EQ(inferred(ab, "Less(%a, %b)"), "bool 2x4x3");
  EXPECT_EQ(inferred(ab, "Add(%a, %c)"), "error");
  EXPECT_EQ(inferred(ab, "Add(%a, %i)"), "error");
}

TEST(Infer, Movement) {
  EXPECT_EQ(inferred(kImage, "Concat(%x, %d) axis=1"), "f32 1x8x9x7");
  EXPECT_EQ(inferred(kImage, "Concat(%x, %x) axis=-1"), "f32 1x4x9x14");
  EXPECT_EQ(inferred(kImage, "Concat(%x, %x) axis=4"), "error");
  const std::string s =
      std::string(kImage) +
      "const %i: i64[2] = [1, -2]\nconst %e: i64[2] = [9223372036854775807, 100]\n"
      "const %m: i64[1] = [-1]\nconst %z: i64[4] = [0,2,-1,7]\n"
      "const %far: i64[1] = [-9223372036854775808]\nconst %p: i64[8] = [0,0,1,1,0,0,1,-2]\n";
  EXPECT_EQ(inferred(s, "Slice(%x, %i, %e, %i)"), "f32 1x3x2x7");
  EXPECT_EQ(inferred(s, "Slice(%x, %m, %far, %m, %m)"), "f32 1x4x9x7");
  EXPECT_EQ(inferred(s, "Reshape(%x, %z)"), "f32 1x2x18x7");
  EXPECT_EQ(inferred(s, "Reshape(%x, %m)"), "f32 252");
  EXPECT_EQ(inferred(s, "Reshape(%d, %m)"), "f32 ?");
  EXPECT_EQ(inferred(s, "Reshape(%x, %i)"), "error");
  EXPECT_EQ(inferred(s, "Pad(%x, %p)"), "f32 1x4x11x6");
  EXPECT_EQ(inferred(s, "Transpose(%x) perm=[0,2,3,1]"), "f32 1x9x7x4");
  EXPECT_EQ(inferred(s, "Transpose(%x) perm=[0,2,2,1]"), "error");
  EXPECT_EQ(inferred(s, "Unsqueeze(%x, %m)"), "f32 1x4x9x7x1");
  EXPECT_EQ(inferred(s, "Squeeze(%x)"), "f32 4x9x7");
  EXPECT_EQ(inferred(s, "Flatten(%x) axis=2"), "f32 4x63");
  EXPECT_EQ(inferred(s, "Shape(%d)"), "i64 4");
  EXPECT_EQ(inferred(s, "Gather(%x, %i) axis=2"), "f32 1x4x2x7");
  EXPECT_EQ(inferred(s, "Split(%x, _) axis=1"), "f32 1x4x9x7");
}

TEST(Infer, Products) {
  const std::string ab = "input %a: f32[2,8,3]\ninput %b: f32[3,5]\ninput %v: f32[3]\n";
  EXPECT_EQ(inferred(ab, "MatMul(%a, %b)"), "f32 2x8x5");
  EXPECT_EQ(inferred(ab, "MatMul(%a, %v)"), "f32 2x8");
  EXPECT_EQ(inferred(ab, "MatMul(%b, %a)"), "error");
  EXPECT_EQ(inferred(ab, "ReduceMax(%a, _) keepdims=0"), "f32 scalar");
  EXPECT_EQ(inferred(ab + "const %k: i64[1] = [2]", "TopK(%a, %k)"), "f32 2x8x2");
  EXPECT_EQ(inferred(ab + "const %k: i64[1] = [4]", "TopK(%a, %k)"), "error");
}

TEST(Infer, TooLargeIsRefused) {
  const std::string huge = "input %x: f32[65536,65536,65536]\n";
  EXPECT_EQ(inferred(huge + "const %r: i64[3] = [1,1,2]", "Tile(%x, %r)"), "error");
}

TEST(Infer, BindFixesDynamicExtents) {
  Result<Graph> g = parse_graph(
      "input %x: f32[\"batch\",3,\"height\",\"width\"]\ninput %w: f32[8,3,3,3]\n"
      "%y: ? = Conv(%x, %w) pads=[1,1,1,1]\noutput %y\n",
      "test");
  ASSERT_TRUE(g);
  const Shape w{8, 3, 3, 3};
  EXPECT_FALSE(bind_inputs(*g, std::vector{Shape{1, 4, 8, 8}, w}));
  EXPECT_FALSE(bind_inputs(*g, std::vector{Shape{1, 3, 8, 8}}));
  ASSERT_TRUE(bind_inputs(*g, std::vector{Shape{2, 3, 8, 6}, w}));
  EXPECT_EQ(*g->value(g->outputs[0]).shape, (Shape{2, 8, 8, 6}));
}

}  // namespace
}  // namespace shrike
