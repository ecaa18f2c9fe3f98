// Shape rules on what a hostile file may say. Run under the undefined-behaviour sanitizer, these
// are also tests that no arithmetic overflows.
#include <gtest/gtest.h>

#include "ir/infer.h"
#include "ir/limits.h"
#include "ir/text.h"

namespace shrike {
namespace {

// The error of a node after these declarations; "" when the rule accepts it.
std::string refusal(const std::string& declarations, const std::string& node) {
  Result<Graph> graph = parse_graph(declarations + "\n%y: ? = " + node + " @\"it\"", "test");
  if (!graph) return "no graph: " + graph.error().message;
  const Result<void> status = infer_shapes(*graph);
  return status ? "" : status.error().message;
}

void expect_refused(const std::string& declarations, const std::string& node,
                    const std::string& why) {
  const std::string error = refusal(declarations, node);
  EXPECT_NE(error.find(node.substr(0, node.find('(')) + " node 'it'"), std::string::npos)
      << node << ": " << error;
  EXPECT_NE(error.find(why), std::string::npos) << node << ": " << error;
}

// x is of unknown shape: what the rules see before a reshape by computed extents is bound.
TEST(InferHostile, WeightsAreCheckedWithoutTheInput) {
  const std::string d =
      "input %x: f32\ninput %w: f32[8,4,3,3]\ninput %flat: f32[8,4,3]\ninput %h: f16[8,4,3,3]\n"
      "input %open: f32[8,?,3,3]\ninput %none: f32[0,4,3,3]\n"
      "input %b: f32[1]\ninput %c: f32[8]\ninput %m: f32[8,1]\n";
  EXPECT_EQ(refusal(d, "Conv(%x, %w, %c)"), "");
  EXPECT_EQ(refusal(d, "ConvTranspose(%x, %w) group=4"), "");
  for (const std::string op : {"Conv", "ConvTranspose"}) {
    expect_refused(d, op + "(%x, %flat)", "weights of shape 8x4x3");
    expect_refused(d, op + "(%x, %open)", "weights of shape");
    expect_refused(d, op + "(%x, %none)", "weights of shape");
    expect_refused(d, op + "(%x, %h)", "type f16");
    expect_refused(d, op + "(%x, %w) group=0", "group is 0");
    expect_refused(d, op + "(%x, %w) group=-9223372036854775808", "group is -");
    expect_refused(d, op + "(%x, %w) group=3", "in 3 groups");
    expect_refused(d, op + "(%x, %w, %b)", "bias of shape 1");
    expect_refused(d, op + "(%x, %w) strides=[0,1]", "out of range");
  }
  EXPECT_EQ(refusal(d, "BatchNormalization(%x, %c, %c, %c, %c)"), "");
  expect_refused(d, "BatchNormalization(%x, %c, %c, %c, %b)", "statistics of shape 1");
  expect_refused(d, "BatchNormalization(%x, %b, %b, %c, %b)", "statistics of shape 8");
  expect_refused(d, "BatchNormalization(%x, %m, %m, %m, %m)", "statistics of shape 8x1");
}

// The channels of a convolution are known without its input, so statistics after it are checked.
TEST(InferHostile, ChannelsAreKnownWithoutTheInput) {
  const std::string d =
      "input %x: f32\ninput %w: f32[8,4,3,3]\ninput %c: f32[40]\n%z: ? = Conv(%x, %w)\n";
  expect_refused(d, "BatchNormalization(%z, %c, %c, %c, %c)", "40");
}

TEST(InferHostile, SizesAreI64) {
  const std::string d =
      "input %x: f32[1,2,4,4]\nconst %four: i32[4] = [1,2,3,3]\nconst %eight: i32[8] = "
      "[0,0,0,0,0,0,0,0]\nconst %one: i32[1] = [2]\ninput %computed: i32[4]\n"
      "const %m: i64[2,2] = [1,2,4,4]\n";
  for (const std::string node :
       {"Resize(%x, _, %four)", "Reshape(%x, %four)", "Reshape(%x, %computed)", "Expand(%x, %four)",
        "Tile(%x, %four)", "Split(%x, %one)", "Pad(%x, %eight)", "Unsqueeze(%x, %one)",
        "Squeeze(%x, %one)", "TopK(%x, %one)", "ReduceMax(%x, %one)", "ConstantOfShape(%four)",
        "NonMaxSuppression(%x, %x, %one)"})
    expect_refused(d, node, "must hold i64, holds i32");
  expect_refused(d, "Reshape(%x, %m)", "must be a list");
  expect_refused(d, "Slice(%x, %x, %x)", "must hold i64 or i32");
  EXPECT_EQ(refusal(d, "Slice(%x, %one, %one, %one)"), "");
  EXPECT_EQ(refusal(d, "CumSum(%x, %one)"), "");
  expect_refused(d + "const %s: f16[4] = hex\"003c003c003c003c\"\n", "Resize(%x, %s)", "f32");
}

TEST(InferHostile, RanksAreBounded) {
  std::string ones = "1";
  for (int i = 0; i < kMostAxes; ++i) ones += ",1";
  const std::string d =
      "input %x: f32[1]\ninput %z: f32[1,1,1,1,1,1,1,1,1]\ninput %i: "
      "i64[1,1,1,1,1,1,1,1,1]\nconst %s: i64[17] = [" +
      ones + "]\n";
  expect_refused(d, "Reshape(%x, %s)", "17 axes");
  expect_refused(d, "Expand(%x, %s)", "17 axes");
  expect_refused(d, "ConstantOfShape(%s)", "17 axes");
  expect_refused(d, "Gather(%z, %i)", "17 axes");
  EXPECT_FALSE(parse_graph("input %x: f32[" + ones + "]", "test"));
}

TEST(InferHostile, OneExtentIsBounded) {
  for (const char* extent : {"281474976710657", "9223372036854775807"})
    EXPECT_FALSE(parse_graph("input %x: f32[?," + std::string(extent) + "]", "test")) << extent;
  const std::string d =
      "input %x: f32[?,?,?,?]\ninput %w: f32[1,1,3,3]\n"
      "const %s: i64[4] = [-1,1,9223372036854775807,4]\n";
  expect_refused(d, "Reshape(%x, %s)", "too large");
}

// Extents at the limit, another one unknown, and the largest that attributes and operands can say.
TEST(InferHostile, NoSumOrProductOverflows) {
  const std::string d =
      "input %x: f32[?,1,281474976710656,1]\ninput %w: f32[1,1,3,3]\ninput %i: "
      "i64[1,281474976710656]\ninput %j: i64[1,1]\n"
      "const %s: f32[4] = [1,1,1000000,1]\n"
      "const %pads: i64[8] = [0,0,9223372036854775807,0,0,0,9223372036854775807,0]\n"
      "const %crop: i64[8] = [0,0,-9223372036854775808,0,0,0,-9223372036854775808,0]\n"
      "const %times: i64[4] = [1,1,9223372036854775807,1]\n"
      "const %less: i64[4] = [1,1,-9223372036854775808,1]\n"
      "const %size: i64[4] = [1,1,9223372036854775807,1]\n"
      "const %none: i64[4] = [1,1,-1,1]\n"
      "const %low: i64[1] = [-9223372036854775808]\nconst %high: i64[1] = [9223372036854775807]\n";
  expect_refused(d, "Conv(%x, %w) pads=[16777216,1,16777216,1]", "too large");
  expect_refused(d, "Conv(%x, %w) pads=[9223372036854775807,1,1,1]", "out of range");
  expect_refused(d, "ConvTranspose(%x, %w) strides=[16384,1]", "too large");
  expect_refused(d, "ConvTranspose(%x, %w) strides=[32767,1]", "too large");
  expect_refused(d, "ConvTranspose(%x, %w) strides=[16777216,1]", "too large");
  expect_refused(d, "ConvTranspose(%x, %w) output_padding=[9223372036854775807,1]", "range");
  expect_refused("input %x: f32[?,?,1,281474976710656]", "DepthToSpace(%x) blocksize=1024",
                 "large");
  expect_refused("input %x: f32[?,281474976710656,?,?]", "SpaceToDepth(%x) blocksize=1024", "many");
  expect_refused(d, "Resize(%x, %s)", "too large");
  expect_refused(d, "Resize(%x, _, %size)", "too large");
  expect_refused(d, "Resize(%x, _, %none)", "empty");
  expect_refused(d, "GatherND(%x, %i) batch_dims=1", "indices");
  expect_refused(d, "GatherND(%x, %j) batch_dims=9223372036854775807", "indices");
  expect_refused(d, "Pad(%x, %pads)", "out of range");
  expect_refused(d, "Pad(%x, %crop)", "out of range");
  expect_refused(d, "Tile(%x, %times)", "out of range");
  expect_refused(d, "Tile(%x, %less)", "out of range");
  expect_refused(d, "Concat(%x, %x) axis=2", "too large");
  for (const std::string bounds : {"%low, %high", "%high, %low", "%low, %low", "%high, %high"})
    for (const std::string step : {"", ", _, %low", ", _, %high"})
      EXPECT_EQ(refusal(d, "Slice(%x, " + bounds + step + ")"), "") << bounds << step;
}

TEST(InferHostile, SizesOfASplitAreAllKnown) {
  for (const char* sizes : {"4,-1", "9223372036854775807,9223372036854775807"}) {
    Result<Graph> graph = parse_graph("input %x: f32[3]\nconst %s: i64[2] = [" +
                                          std::string(sizes) + "]\n%a: ?, %b: ? = Split(%x, %s)",
                                      "test");
    ASSERT_TRUE(graph);
    EXPECT_FALSE(infer_shapes(*graph)) << sizes;
  }
}

TEST(InferHostile, ShapeBoundsAreClamped) {
  const auto axes = [](int64_t start, int64_t end) {
    const ShapeOf::Axes found = ShapeOf{start, end}.axes(4);
    return std::pair(found.first, found.last);
  };
  EXPECT_EQ(axes(0, INT64_MAX), std::pair(0, 4));
  EXPECT_EQ(axes(-3, -1), std::pair(1, 3));
  EXPECT_EQ(axes(INT64_MIN, 2), std::pair(0, 2));
  EXPECT_EQ(axes(INT64_MAX, INT64_MIN), std::pair(4, 4));
  EXPECT_EQ(axes(3, 1), std::pair(3, 3));
}

}  // namespace
}  // namespace shrike
