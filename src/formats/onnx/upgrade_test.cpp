// Every rule of the upgrade table: what an older operator set says, and the graph it becomes.
#include "formats/onnx/upgrade.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "formats/onnx/test_model.h"
#include "ir/text.h"

namespace shrike::onnx {
namespace {

using Ints = std::vector<int64_t>;

// What the model's text says after its first line and its input lines.
std::string body(const TestModel& model) {
  const Result<Graph> graph = model.read();
  if (!graph) return graph.error().message;
  std::string text = print_graph(*graph);
  text.erase(0, text.find('\n') + 1);
  while (text.starts_with("input")) text.erase(0, text.find('\n') + 1);
  return text;
}

struct Case {
  std::string_view op;
  int opset;
  std::function<void(TestModel&)> build;
  std::string expected;
};

TestModel build(const Case& c) {
  TestModel model(c.opset);
  c.build(model);
  model.output("y");
  return model;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"Constant", 9,
       [](TestModel& m) {
         m.input("x", {2}).node("Constant", {}, {{"value", floats({1, 2})}}, {"c"});
         m.node("Add", {"x", "c"});
       },
       "const %c: f32[2] = [1, 2]\n"
       "%y: f32[2] = Add(%x, %c) @\"the_Add\"\n"},
      {"Dropout", 9,
       [](TestModel& m) {
         m.input("x", {2}).node("Dropout", {"x"}, {{"ratio", 0.3f}}, {"y", "mask"});
       },
       "%y: f32[2] = Identity(%x) @\"the_Dropout\"\n"},
      {"Max", 9,
       [](TestModel& m) {
         m.input("x", {2}).input("b", {2}).input("c", {2}).node("Max", {"x", "b", "c"});
       },
       "%y.part1: f32[2] = Max(%x, %b) @\"the_Max\"\n"
       "%y: f32[2] = Max(%y.part1, %c) @\"the_Max\"\n"},
      {"Min", 13, [](TestModel& m) { m.input("x", {2}).node("Min"); },
       "%y: f32[2] = Identity(%x) @\"the_Min\"\n"},
      {"Sum", 9,
       [](TestModel& m) {
         m.input("x", {2}).input("b", {2}).node("Sum", {"x", "b"});
       },
       "%y: f32[2] = Add(%x, %b) @\"the_Sum\"\n"},
      {"Scatter", 9,
       [](TestModel& m) {
         m.input("x", {3}).constant("i", int64s({1})).constant("u", floats({7}));
         m.node("Scatter", {"x", "i", "u"}, {{"axis", int64_t{0}}});
       },
       "const %i: i64[1] = [1]\n"
       "const %u: f32[1] = [7]\n"
       "%y: f32[3] = ScatterElements(%x, %i, %u) @\"the_Scatter\"\n"},
      {"Softmax", 11,
       [](TestModel& m) {
         m.input("x", {2, 3, 4}).node("Softmax", {"x"}, {{"axis", int64_t{1}}});
       },
       "%y.extents: i64[3] = Shape(%x) @\"the_Softmax\"\n"
       "%y.matrix: f32[2,12] = Flatten(%x) @\"the_Softmax\"\n"
       "%y.rows: f32[2,12] = Softmax(%y.matrix) axis=1 @\"the_Softmax\"\n"
       "%y: f32[?,?,?] = Reshape(%y.rows, %y.extents) @\"the_Softmax\"\n"},
      {"Clip", 10,
       [](TestModel& m) {
         m.input("x", {2}).node("Clip", {"x"}, {{"min", 0.0f}, {"max", 6.0f}});
       },
       "const %y.min: f32[] = [0]\n"
       "const %y.max: f32[] = [6]\n"
       "%y: f32[2] = Clip(%x, %y.min, %y.max) @\"the_Clip\"\n"},
      {"Pad", 10,
       [](TestModel& m) {
         m.input("x", {2, 2});
         m.node("Pad", {"x"},
                {{"pads", Ints{0, 1, 0, 2}}, {"value", -1.0f}, {"mode", std::string("constant")}});
       },
       "const %y.pads: i64[4] = [0, 1, 0, 2]\n"
       "const %y.value: f32[] = [-1]\n"
       "%y: f32[2,5] = Pad(%x, %y.pads, %y.value) @\"the_Pad\"\n"},
      {"Pad", 18,
       [](TestModel& m) {
         m.input("x", {2, 2}).constant("p", int64s({1, 2})).constant("a", int64s({-1}));
         m.node("Pad", {"x", "p", "", "a"});
       },
       "const %y.pads: i64[4] = [0, 1, 0, 2]\n"
       "%y: f32[2,5] = Pad(%x, %y.pads) @\"the_Pad\"\n"},
      {"QuantizeLinear", 13,
       [](TestModel& m) {
         m.input("x", {2}).constant("s", floats({0.5f, 2}));
         m.node("QuantizeLinear", {"x", "s"}, {{"axis", int64_t{0}}});
       },
       "const %s: f32[2] = [0.5, 2]\n"
       "const %y.zero_point: u8[2] = hex\"0000\"\n"
       "%y: u8[2] = QuantizeLinear(%x, %s, %y.zero_point) axis=0 @\"the_QuantizeLinear\"\n"},
      {"QuantizeLinear", 21,
       [](TestModel& m) {
         m.input("x", {2}).constant("s", floats({2}));
         m.node(
             "QuantizeLinear", {"x", "s"},
             {{"output_dtype", int64_t{5}}, {"block_size", int64_t{0}}, {"saturate", int64_t{1}}});
       },
       "const %s: f32[1] = [2]\n"
       "const %y.zero_point: i16[1] = hex\"0000\"\n"
       "%y: i16[2] = QuantizeLinear(%x, %s, %y.zero_point) @\"the_QuantizeLinear\"\n"},
      {"DequantizeLinear", 21,
       [](TestModel& m) {
         m.input("x", {2}, DType::kI8).constant("s", floats({2}));
         m.node("DequantizeLinear", {"x", "s"}, {{"block_size", int64_t{0}}});
       },
       "const %s: f32[1] = [2]\n"
       "%y: f32[2] = DequantizeLinear(%x, %s) @\"the_DequantizeLinear\"\n"},
      {"Slice", 9,
       [](TestModel& m) {
         m.input("x", {4, 4});
         m.node("Slice", {"x"}, {{"axes", Ints{1}}, {"starts", Ints{1}}, {"ends", Ints{3}}});
       },
       "const %y.starts: i64[1] = [1]\n"
       "const %y.ends: i64[1] = [3]\n"
       "const %y.axes: i64[1] = [1]\n"
       "%y: f32[4,2] = Slice(%x, %y.starts, %y.ends, %y.axes) @\"the_Slice\"\n"},
      {"Split", 11,
       [](TestModel& m) {
         m.input("x", {5});
         m.node("Split", {"x"}, {{"axis", int64_t{0}}, {"split", Ints{2, 3}}}, {"y", "z"});
       },
       "const %y.split: i64[2] = [2, 3]\n"
       "%y: f32[2], %z: f32[3] = Split(%x, %y.split) @\"the_Split\"\n"},
      {"Split", 18,
       [](TestModel& m) {
         m.input("x", {5}).node("Split", {"x"}, {{"num_outputs", int64_t{2}}}, {"y", "z"});
       },
       "%y: f32[3], %z: f32[2] = Split(%x) @\"the_Split\"\n"},
      {"Squeeze", 11,
       [](TestModel& m) {
         m.input("x", {1, 2, 1}).node("Squeeze", {"x"}, {{"axes", Ints{0}}});
       },
       "const %y.axes: i64[1] = [0]\n"
       "%y: f32[2,1] = Squeeze(%x, %y.axes) @\"the_Squeeze\"\n"},
      {"Unsqueeze", 12,
       [](TestModel& m) {
         m.input("x", {2}).node("Unsqueeze", {"x"}, {{"axes", Ints{0, 2}}});
       },
       "const %y.axes: i64[2] = [0, 2]\n"
       "%y: f32[1,2,1] = Unsqueeze(%x, %y.axes) @\"the_Unsqueeze\"\n"},
      {"TopK", 9,
       [](TestModel& m) {
         m.input("x", {2, 7});
         m.node("TopK", {"x"}, {{"k", int64_t{3}}, {"axis", int64_t{1}}}, {"y", "i"});
       },
       "const %y.k: i64[1] = [3]\n"
       "%y: f32[2,3], %i: i64[2,3] = TopK(%x, %y.k) axis=1 @\"the_TopK\"\n"},
      {"ReduceSum", 12,
       [](TestModel& m) {
         m.input("x", {2, 3});
         m.node("ReduceSum", {"x"}, {{"axes", Ints{1}}, {"keepdims", int64_t{0}}});
       },
       "const %y.axes: i64[1] = [1]\n"
       "%y: f32[2] = ReduceSum(%x, %y.axes) keepdims=0 @\"the_ReduceSum\"\n"},
      {"ReduceMax", 17,
       [](TestModel& m) {
         m.input("x", {2, 3}).node("ReduceMax", {"x"}, {{"axes", Ints{-1}}});
       },
       "const %y.axes: i64[1] = [-1]\n"
       "%y: f32[2,1] = ReduceMax(%x, %y.axes) @\"the_ReduceMax\"\n"},
      {"ReduceMin", 13,
       [](TestModel& m) {
         m.input("x", {2, 3}).node("ReduceMin");
       },
       "%y: f32[1,1] = ReduceMin(%x) @\"the_ReduceMin\"\n"},
      {"ReduceMean", 9,
       [](TestModel& m) {
         m.input("x", {2, 3}).node("ReduceMean", {"x"}, {{"axes", Ints{0}}});
       },
       "const %y.axes: i64[1] = [0]\n"
       "%y: f32[1,3] = ReduceMean(%x, %y.axes) @\"the_ReduceMean\"\n"},
      {"ReduceProd", 11,
       [](TestModel& m) {
         m.input("x", {2, 3}).node("ReduceProd", {"x"}, {{"axes", Ints{0}}});
       },
       "const %y.axes: i64[1] = [0]\n"
       "%y: f32[1,3] = ReduceProd(%x, %y.axes) @\"the_ReduceProd\"\n"},
      {"Upsample", 9,
       [](TestModel& m) {
         m.input("x", {1, 1, 2, 3}).constant("s", floats({1, 1, 2, 2}));
         m.node("Upsample", {"x", "s"}, {{"mode", std::string("nearest")}});
       },
       "const %s: f32[4] = [1, 1, 2, 2]\n"
       "%y: f32[1,1,4,6] = Resize(%x, %s) coordinate_transformation_mode=asymmetric "
       "nearest_mode=floor @\"the_Upsample\"\n"},
      {"Upsample", 9,
       [](TestModel& m) {
         m.input("x", {1, 1, 2, 3}).input("s", {4});
         m.node("Upsample", {"x", "s"}, {{"mode", std::string("nearest")}});
       },
       "%y: f32[1,1,?,?] = Resize(%x, %s) coordinate_transformation_mode=asymmetric "
       "nearest_mode=floor @\"the_Upsample\"\n"},
      {"Resize", 10,
       [](TestModel& m) {
         m.input("x", {1, 1, 2, 3}).constant("s", floats({1, 1, 2, 2}));
         m.node("Resize", {"x", "s"}, {{"mode", std::string("linear")}});
       },
       "const %s: f32[4] = [1, 1, 2, 2]\n"
       "%y: f32[1,1,4,6] = Resize(%x, %s) mode=linear coordinate_transformation_mode=asymmetric "
       "nearest_mode=floor @\"the_Resize\"\n"},
      {"Resize", 10,
       [](TestModel& m) {
         m.input("x", {1, 1, 4, 6}).constant("s", floats({1, 1, 1, 0.5f}));
         m.node("Resize", {"x", "s"});
       },
       "const %s: f32[4] = [1, 1, 1, 0.5]\n"
       "%y: f32[1,1,4,3] = Resize(%x, %s) coordinate_transformation_mode=asymmetric "
       "nearest_mode=ceil @\"the_Resize\"\n"},
      {"Resize", 11,
       [](TestModel& m) {
         m.input("x", {1, 1, 2, 3}).constant("roi", floats({})).constant("none", floats({}));
         m.constant("to", int64s({1, 1, 5, 7}));
         m.node("Resize", {"x", "roi", "none", "to"}, {{"cubic_coeff_a", -0.75f}});
       },
       "const %to: i64[4] = [1, 1, 5, 7]\n"
       "%y: f32[1,1,5,7] = Resize(%x, _, %to) @\"the_Resize\"\n"},
      {"Conv", 9,
       [](TestModel& m) {
         m.input("x", {1, 1, 4, 4}).constant("w", Tensor::from<float>(Shape{1, 1, 1, 2}, {1, 2}));
         m.node("Conv", {"x", "w"}, {{"kernel_shape", Ints{1, 2}}, {"strides", Ints{2, 2}}});
       },
       "const %w: f32[1,1,1,2] = [1, 2]\n"
       "%y: f32[1,1,2,2] = Conv(%x, %w) strides=[2, 2] @\"the_Conv\"\n"},
      {"ConvTranspose", 11,
       [](TestModel& m) {
         m.input("x", {1, 1, 2, 2}).constant("w", Tensor::from<float>(Shape{1, 1, 2, 1}, {1, 2}));
         m.node("ConvTranspose", {"x", "w"},
                {{"auto_pad", std::string("VALID")}, {"kernel_shape", Ints{2, 1}}});
       },
       "const %w: f32[1,1,2,1] = [1, 2]\n"
       "%y: f32[1,1,3,2] = ConvTranspose(%x, %w) @\"the_ConvTranspose\"\n"},
      {"MaxPool", 9,
       [](TestModel& m) {
         m.input("x", {1, 1, 4, 4});
         m.node("MaxPool", {"x"}, {{"kernel_shape", Ints{2, 2}}, {"storage_order", int64_t{0}}});
       },
       "%y: f32[1,1,3,3] = MaxPool(%x) kernel_shape=[2, 2] @\"the_MaxPool\"\n"},
      {"AveragePool", 19,
       [](TestModel& m) {
         m.input("x", {1, 1, 4, 4});
         m.node("AveragePool", {"x"}, {{"kernel_shape", Ints{2, 2}}, {"dilations", Ints{1, 1}}});
       },
       "%y: f32[1,1,3,3] = AveragePool(%x) kernel_shape=[2, 2] @\"the_AveragePool\"\n"},
  };
  return all;
}

TEST(OnnxUpgrade, OlderFormsBecomeTheOneForm) {
  for (const Case& c : cases())
    EXPECT_EQ(body(build(c)), c.expected + "output %y\n") << c.op << " of set " << c.opset;
}

// A rule without a case would be a rule without a test.
TEST(OnnxUpgrade, EveryRuleHasACase) {
  for (const Upgrade& row : upgrades()) {
    const bool tested = std::any_of(cases().begin(), cases().end(), [&](const Case& c) {
      return c.op == row.op && c.opset < row.below;
    });
    EXPECT_TRUE(tested) << row.op << " below " << row.below;
  }
}

// Before set 11 the nearest pixel depends on whether an axis shrinks; one attribute says one thing.
TEST(OnnxUpgrade, NearestOfOldResizesMustBeTold) {
  const auto error = [](const std::string& mode, const std::vector<float>& scales) {
    TestModel model(10);
    model.input("x", {1, 1, 4, 4}).constant("s", floats(scales)).input("computed", {4});
    model.node("Resize", {"x", scales.empty() ? "computed" : "s"}, {{"mode", mode}}).output("y");
    return model.error();
  };
  EXPECT_NE(error("nearest", {1, 1, 2, 0.5f}).find("'the_Resize'"), std::string::npos);
  EXPECT_NE(error("nearest", {}).find("constant scales"), std::string::npos);
  EXPECT_EQ(error("linear", {1, 1, 2, 0.5f}), "");
  EXPECT_EQ(error("linear", {}), "");
  EXPECT_EQ(error("nearest", {1, 1, 2, 1}), "");
}

TEST(OnnxUpgrade, ConstantsOfEveryKind) {
  const auto text = [](OutAttribute attribute, DType dtype) {
    TestModel model(13);
    model.node("Constant", {}, {std::move(attribute)}).output("y", {}, dtype);
    return body(model);
  };
  EXPECT_EQ(text({"value_float", 1.5f}, DType::kF32), "const %y: f32[] = [1.5]\noutput %y\n");
  EXPECT_EQ(text({"value_int", int64_t{-3}}, DType::kI64), "const %y: i64[] = [-3]\noutput %y\n");
  EXPECT_EQ(text({"value_floats", std::vector<float>{1, 2}}, DType::kF32),
            "const %y: f32[2] = [1, 2]\noutput %y\n");
  EXPECT_EQ(text({"value_ints", Ints{4}}, DType::kI64), "const %y: i64[1] = [4]\noutput %y\n");
  EXPECT_NE(text({"value_string", std::string("a")}, DType::kI64).find("value_string"),
            std::string::npos);
}

TEST(OnnxUpgrade, SoftmaxOverTheLastAxisStaysOneNode) {
  TestModel model(9);
  model.input("x", {2, 3}).node("Softmax").output("y");  // axis is 1 by default, the last
  EXPECT_EQ(body(model), "%y: f32[2,3] = Softmax(%x) @\"the_Softmax\"\noutput %y\n");
}

TEST(OnnxUpgrade, ClipWithoutBoundsOrWithHalves) {
  TestModel open(9);
  open.input("x", {2});
  open.node("Clip", {"x"}, {{"max", std::numeric_limits<float>::max()}}).output("y");
  EXPECT_EQ(body(open), "%y: f32[2] = Clip(%x) @\"the_Clip\"\noutput %y\n");

  TestModel half(9);
  half.input("x", {2}, DType::kF16).node("Clip", {"x"}, {{"min", 1.0f}}).output("y");
  EXPECT_EQ(body(half),
            "const %y.min: f16[] = hex\"003c\"\n"
            "%y: f16[2] = Clip(%x, %y.min) @\"the_Clip\"\noutput %y\n");
}

TEST(OnnxUpgrade, ZeroPointsThatAreNotThere) {
  TestModel two(13);
  Tensor scales(DType::kF32, Shape{2});
  for (float& scale : scales.mutable_data<float>()) scale = 0.5f;
  two.input("x", {2, 2}).constant("s", scales);
  two.node("QuantizeLinear", {"x", "s"}, {}, {"a"}).node("DequantizeLinear", {"a", "s"}, {}, {"b"});
  two.node("QuantizeLinear", {"b", "s"}).output("y", {}, DType::kU8);
  const std::string text = body(two);
  EXPECT_NE(text.find("const %a.zero_point: u8[2]"), std::string::npos) << text;
  EXPECT_EQ(text.find("%y.zero_point"), std::string::npos) << "one for both\n" << text;

  TestModel computed(13);
  computed.input("x", {int64_t{1} << 33}).input("s", {int64_t{1} << 33});
  computed.node("QuantizeLinear", {"x", "s"}).output("y", {}, DType::kU8);
  EXPECT_NE(body(computed).find("no constant"), std::string::npos) << "8 GB of zeros";
}

TEST(OnnxUpgrade, DefaultsAreOnnx) {
  TestModel model(17);
  model.input("x", {2}).node("LeakyRelu", {"x"}, {}, {"a"}).node("Elu", {"a"}, {}, {"b"});
  model.node("HardSigmoid", {"b"}).output("y");
  EXPECT_EQ(body(model),
            "%a: f32[2] = LeakyRelu(%x) alpha=0.01 @\"the_LeakyRelu\"\n"
            "%b: f32[2] = Elu(%a) alpha=1 @\"the_Elu\"\n"
            "%y: f32[2] = HardSigmoid(%b) alpha=0.2 beta=0.5 @\"the_HardSigmoid\"\noutput %y\n");
}

}  // namespace
}  // namespace shrike::onnx
