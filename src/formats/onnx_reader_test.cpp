// What the reader takes, and what it says of models that are wrong.
#include "formats/onnx_reader.h"

#include <gtest/gtest.h>

#include "formats/onnx/test_model.h"

namespace shrike::onnx {
namespace {

using Ints = std::vector<int64_t>;

TestModel relu() {
  TestModel model(17);
  model.input("x", {2, 3}).node("Relu").output("y", {2, 3});
  return model;
}

void expect_error(const TestModel& model, const std::vector<std::string>& parts) {
  const std::string error = model.error();
  EXPECT_NE(error, "");
  for (const std::string& part : parts)
    EXPECT_NE(error.find(part), std::string::npos) << error << "\nlacks: " << part;
}

TEST(OnnxReader, ReadsInputsOutputsAndSymbols) {
  TestModel model(17);
  model.input({"x", DType::kF32, Shape{kDynamic, 3, kDynamic}, {}, {"batch", "", ""}});
  model.node("Relu").output("y");
  const Result<Graph> graph = model.read();
  ASSERT_TRUE(graph) << graph.error().message;
  const Value& x = graph->value(graph->inputs.at(0));
  EXPECT_EQ(x.shape, (Shape{kDynamic, 3, kDynamic}));
  EXPECT_EQ(x.symbols, (std::vector<std::string>{"batch", "", ""}));
  EXPECT_EQ(graph->value(graph->outputs.at(0)).name, "y");
}

TEST(OnnxReader, NodesInAnyOrderAreSorted) {
  TestModel model(17);
  model.node("Tanh", {"b"}).node("Relu", {"a"}, {}, {"b"}).node("Exp", {"x"}, {}, {"a"});
  model.input("x", {2}).output("y");
  const Result<Graph> graph = model.read();
  ASSERT_TRUE(graph) << graph.error().message;
  ASSERT_EQ(graph->nodes.size(), 3u);
  EXPECT_EQ(op_name(graph->nodes[0].op), "Exp");
  EXPECT_EQ(op_name(graph->nodes[2].op), "Tanh");
}

TEST(OnnxReader, InitialisersListedAsInputsAreConstants) {
  TestModel model(9);
  model.input("x", {2}).input("w", {2}).constant("w", floats({1, 2}));
  model.node("Add", {"x", "w"}).output("y");
  const Result<Graph> graph = model.read();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->inputs.size(), 1u);
}

TEST(OnnxReader, OutputsMayBeInputsOrInitialisers) {
  TestModel model(17);
  model.input("x", {2}).constant("c", floats({1})).output("x").output("c");
  const Result<Graph> graph = model.read();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->outputs.size(), 2u);
  EXPECT_TRUE(graph->constant(graph->outputs[1]));
}

TEST(OnnxReader, OperatorSetsOutOfRangeAreRefused) {
  for (const int opset : {0, 8, 22}) {
    TestModel model(opset);
    model.input("x", {2}).node("Relu").output("y");
    expect_error(model, {"test.onnx", "operator set " + std::to_string(opset), "9 to 21"});
  }
}

TEST(OnnxReader, UnsupportedOperatorsAreNamed) {
  TestModel model(17);
  model.input("x", {2}).node("LSTM").output("y");
  expect_error(model, {"test.onnx", "'LSTM'", "'the_LSTM'"});
  for (const char* ours : {"Head", "Silu", ""}) {
    TestModel other(17);
    other.input("x", {2}).node(ours).output("y");
    expect_error(other, {"not supported"});
  }
}

TEST(OnnxReader, ForeignDomainsAreNamed) {
  std::string bytes;
  protozero::pbf_writer node(bytes);
  node.add_string(node::kOutput, "y");
  node.add_string(node::kOpType, "FusedConv");
  node.add_string(node::kDomain, "com.microsoft");
  TestModel model(17);
  model.graph_bytes(graph::kNode, bytes).output("y");
  expect_error(model, {"com.microsoft::FusedConv", "not supported"});
}

TEST(OnnxReader, NamesMustBeDefinedOnce) {
  TestModel undefined(17);
  undefined.node("Relu", {"nowhere"}).output("y");
  expect_error(undefined, {"'the_Relu'", "'nowhere'"});

  TestModel twice(17);
  twice.input("x", {2}).node("Relu").node("Tanh").output("y");
  expect_error(twice, {"two definitions", "'y'"});

  // An output that is not supported has a name, too.
  for (const bool first : {false, true}) {
    TestModel dropped(17);
    dropped.input("x", {2});
    if (first) dropped.node("Relu");
    dropped.node("Dropout", {"x"}, {}, {"a", "y"});
    if (!first) dropped.node("Relu");
    expect_error(dropped.output("y"), {"two definitions", "'y'"});
  }

  TestModel no_output(17);
  no_output.input("x", {2}).node("Relu").output("z");
  expect_error(no_output, {"'z'", "nothing defines"});

  TestModel none(17);
  none.input("x", {2}).node("Relu");
  expect_error(none, {"no outputs"});

  expect_error(relu().output("y"), {"'y'", "twice"});
}

TEST(OnnxReader, CyclesAreFound) {
  TestModel model(17);
  model.input("x", {2}).node("Add", {"x", "y"}, {}, {"a"}).node("Relu", {"a"}).output("y");
  expect_error(model, {"cycle"});
  TestModel self(17);
  self.node("Relu", {"y"}).output("y");
  expect_error(self, {"cycle"});
}

TEST(OnnxReader, OutputsOfTrainingAreNamedWhenRead) {
  TestModel model(13);
  model.input("x", {2}).node("Dropout", {"x"}, {}, {"a", "mask"});
  model.node("Not", {"mask"}).output("y");
  expect_error(model, {"'mask'", "Dropout node 'the_Dropout'", "not supported"});
}

TEST(OnnxReader, AttributesThatChangeTheMeaningAreRefused) {
  const auto error = [](const std::string& op, OutAttribute attribute) {
    TestModel model(17);
    model.input("x", {1, 1, 4, 4}).node(op, {"x"}, {std::move(attribute)}).output("y");
    return model;
  };
  expect_error(error("Relu", {"slope", 0.5f}), {"'the_Relu'", "'slope'", "not supported"});
  expect_error(error("Softmax", {"axis", 1.5f}), {"'axis'", "wrong type"});
  expect_error(error("Concat", {"axis", std::string("1")}), {"'axis'", "wrong type"});
  expect_error(error("Cast", {"to", int64_t{8}}), {"'to'", "not supported"});
  expect_error(error("Cast", {"to", int64_t{1} << 40}), {"'to'", "not supported"});
  expect_error(error("DepthToSpace", {"mode", std::string("XYZ")}), {"'mode'", "XYZ"});

  TestModel resize(13);
  resize.input("x", {1, 1, 4, 4}).constant("s", floats({1, 1, 2, 2}));
  resize.node("Resize", {"x", "", "s"}, {{"antialias", int64_t{1}}}).output("y");
  expect_error(resize, {"'antialias'", "not supported"});
  // What a fused convolution says in our graphs is no attribute of ONNX's.
  TestModel conv(13);
  conv.input("x", {1, 1, 4, 4}).constant("w", Tensor(DType::kF32, Shape{1, 1, 1, 1}));
  conv.node("Conv", {"x", "w"}, {{"activation", std::string("Relu")}}).output("y");
  expect_error(conv, {"'activation'", "not supported"});
}

TEST(OnnxReader, RequiredAttributesMustBeThere) {
  const auto expect_required = [](int opset, const std::string& op, const std::string& attribute,
                                  const std::vector<std::string>& inputs = {"x"},
                                  const std::vector<OutAttribute>& others = {}) {
    TestModel model(opset);
    model.input("x", {1, 4, 4, 4}).node(op, inputs, others).output("y");
    expect_error(model, {op + " node 'the_" + op + "'", "'" + attribute + "'", "requires"});
  };
  expect_required(17, "Cast", "to");
  expect_required(17, "Concat", "axis", {"x", "x"});
  expect_required(17, "DepthToSpace", "blocksize");
  expect_required(17, "SpaceToDepth", "blocksize");
  expect_required(17, "MaxPool", "kernel_shape");
  expect_required(17, "AveragePool", "kernel_shape");
  expect_required(18, "Split", "num_outputs");
  expect_required(12, "Unsqueeze", "axes");
  expect_required(10, "Pad", "pads");
  expect_required(9, "TopK", "k");
  expect_required(9, "Slice", "starts");
  expect_required(9, "Slice", "ends", {"x"}, {{"starts", Ints{0}}});
}

TEST(OnnxReader, InitialisersThatNobodyReadsAreNotRead) {
  std::string strings;  // an element type that is refused, when it is read
  protozero::pbf_writer writer(strings);
  writer.add_string(tensor::kName, "s");
  writer.add_int32(tensor::kDataType, 8);
  TestModel model = relu();
  model.tensor_bytes(strings);
  EXPECT_EQ(model.error(), "");
  // One that old files list as an input, too, is no input.
  const Result<Graph> graph = model.input("s", {1}).read();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->inputs.size(), 1u);
  // The names are taken all the same.
  expect_error(relu().tensor_bytes(strings).tensor_bytes(strings), {"two definitions", "'s'"});
  expect_error(relu().constant("y", floats({1})), {"two definitions", "'y'"});
  expect_error(relu().tensor_bytes(strings).output("s"), {"'s'", "element type 8"});
}

TEST(OnnxReader, OnlyTwoDimensionalConvolutions) {
  TestModel one(13);
  one.input("x", {1, 1, 4}).constant("w", Tensor(DType::kF32, Shape{1, 1, 3}));
  one.node("Conv", {"x", "w"}, {{"kernel_shape", Ints{3}}}).output("y");
  expect_error(one, {"'the_Conv'", "1-D", "2-D"});
  TestModel three(13);
  three.input("x", {1, 1, 4, 4, 4}).constant("w", Tensor(DType::kF32, Shape{1, 1, 3, 3, 3}));
  three.node("Conv", {"x", "w"}).output("y");
  expect_error(three, {"3-D", "2-D"});
  TestModel wrong(13);
  wrong.input("x", {1, 1, 4, 4}).constant("w", Tensor(DType::kF32, Shape{1, 1, 3, 3}));
  wrong.node("Conv", {"x", "w"}, {{"kernel_shape", Ints{3, 1}}}).output("y");
  expect_error(wrong, {"kernel_shape", "1x1x3x3"});
}

TEST(OnnxReader, InputsMustBeTensorsOfKnownTypes) {
  std::string untyped;
  protozero::pbf_writer(untyped).add_string(value_info::kName, "x");
  expect_error(TestModel(17).graph_bytes(graph::kInput, untyped).output("x"), {"'x'", "no tensor"});
  expect_error(TestModel(17).input("x", {2}, static_cast<DType>(8)).output("x"),
               {"'x'", "element type"});
  expect_error(TestModel(17).input("x", {-2}).output("x"), {"'x'", "negative"});
  expect_error(TestModel(17).input("x", Shape(Ints(17, 1))).output("x"), {"'x'", "axes"});
  const int64_t huge = int64_t{1} << 40;
  expect_error(TestModel(17).input("x", {huge, huge}).output("x"), {"'x'", "too large"});
  expect_error(TestModel(17).input("x", {kDynamic, INT64_MAX}).output("x"), {"'x'", "too large"});
}

TEST(OnnxReader, WrongShapesNameTheNode) {
  TestModel model(17);
  model.input("x", {2}).input("b", {3}).node("Add", {"x", "b"}).output("y");
  expect_error(model, {"test.onnx", "'the_Add'"});
}

TEST(OnnxReader, MissingAndEmptyFilesAreNamed) {
  for (const char* path : {"/nowhere/model.onnx", "/tmp"}) {
    const Result<Graph> graph = read_onnx(path);
    ASSERT_FALSE(graph);
    EXPECT_EQ(graph.error().kind, ErrorKind::kModel);
    EXPECT_NE(graph.error().message.find(path), std::string::npos);
  }
  const Result<Graph> empty = read_onnx({}, nullptr, "empty.onnx");
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().message, "cannot read empty.onnx: the file is empty");
}

}  // namespace
}  // namespace shrike::onnx
