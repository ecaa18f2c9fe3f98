#include "ir/network_cost.h"

#include <gtest/gtest.h>

#include "ir/infer.h"
#include "ir/text.h"

namespace shrike {
namespace {

Graph network(const std::string& text) {
  Result<Graph> graph = parse_graph("graph \"g\"\n" + text, "test");
  EXPECT_TRUE(graph) << graph.error().message;
  if (!graph) return {};
  EXPECT_TRUE(infer_shapes(*graph));
  return *std::move(graph);
}

const std::string kInput = "input %x: f32[1,2,4,6]\n";
const std::string kBias = "const %b: f32[3] = [1,2,3]\n";
const std::string kFloats = kInput + "const %w: f32[3,2,1,1] = [1,2,3,4,5,6]\n" + kBias +
                            "%y: ? = Conv(%x, %w, %b)\noutput %y\n";
// The same network in integers: weights and bias behind DequantizeLinear, one scale a filter.
const std::string kIntegers =
    kInput +
    "const %w: i8[3,2,1,1] = hex\"010203040506\"\nconst %s: f32[3] = [1,1,1]\n"
    "const %z: i8[3] = hex\"000000\"\nconst %b: i32[3] = hex\"010000000200000003000000\"\n"
    "const %xs: f32[] = [0.5]\nconst %xz: u8[] = hex\"07\"\n"
    "%q: ? = QuantizeLinear(%x, %xs, %xz)\n%d: ? = DequantizeLinear(%q, %xs, %xz)\n"
    "%f: ? = DequantizeLinear(%w, %s, %z) axis=0\n%g: ? = DequantizeLinear(%b, %s) axis=0\n"
    "%y: ? = Conv(%d, %f, %g)\noutput %y\n";

TEST(NetworkCost, IsTheSameInIntegers) {
  for (const std::string& text : {kFloats, kIntegers}) {
    const Graph graph = network(text);
    EXPECT_EQ(parameter_count(graph), 6 + 3) << text;
    EXPECT_EQ(multiply_adds(graph), 6 * 4 * 6) << text;
  }
}

TEST(NetworkCost, AConstantIsCountedOnceAndOnlyWhereItIsLearned) {
  const Graph graph = network(
      kInput +
      "const %w: f32[2,2,1,1] = [1,2,3,4]\nconst %s: f32[2] = [1,1]\nconst %m: f32[2] = [0,0]\n"
      "const %v: f32[2] = [1,1]\nconst %k: f32[1,2,1,1] = [1,1]\n"
      "%a: ? = Conv(%x, %w)\n%b: ? = Conv(%a, %w)\n"
      "%n: ? = BatchNormalization(%b, %s, %s, %m, %v) epsilon=0.001\n"
      "%y: ? = Mul(%n, %k)\noutput %y\n");
  EXPECT_EQ(parameter_count(graph), 4 + 2);
  EXPECT_EQ(multiply_adds(graph), 2 * 4 * 4 * 6);
}

TEST(NetworkCost, TransposedConvolutionsAndProducts) {
  // Groups have the weights of their own channels alone; a transposed weight meets what is before
  // it.
  EXPECT_EQ(multiply_adds(network(kInput + "const %w: f32[4,1,1,1] = [1,2,3,4]\n"
                                           "%y: ? = Conv(%x, %w) group=2\noutput %y\n")),
            4 * 4 * 6);
  EXPECT_EQ(
      multiply_adds(network(kInput + "const %w: f32[2,1,2,2] = [1,2,3,4,5,6,7,8]\n"
                                     "%y: ? = ConvTranspose(%x, %w) strides=[2,2]\noutput %y\n")),
      8 * 4 * 6);
  EXPECT_EQ(
      multiply_adds(network("input %x: f32[5,2,4]\nconst %w: f32[4,3] = "
                            "[1,2,3,4,5,6,7,8,9,10,11,12]\n%y: ? = MatMul(%x, %w)\noutput %y\n")),
      5 * 2 * 4 * 3);
  EXPECT_EQ(multiply_adds(network("input %x: f32[4,2]\nconst %w: f32[4,3] = "
                                  "[1,2,3,4,5,6,7,8,9,10,11,12]\n"
                                  "%y: ? = Gemm(%x, %w) transA=1\noutput %y\n")),
            2 * 4 * 3);
}

}  // namespace
}  // namespace shrike
