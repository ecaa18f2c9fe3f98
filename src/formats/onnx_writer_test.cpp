// What is written reads back as the same graph; what ONNX or the operator set lacks is written in
// other operators or refused.
#include "formats/onnx_writer.h"

#include <gtest/gtest.h>

#include <sstream>

#include "formats/onnx_reader.h"
#include "formats/test_folder.h"
#include "ir/infer.h"
#include "ir/text.h"

namespace shrike {
namespace {

// The graph's text form with the types of node outputs left out: "%y = Relu(%x)".
Graph graph_of(const std::string& text) {
  std::istringstream lines(text);
  std::string full = "graph \"g\"\n";
  for (std::string line; std::getline(lines, line);) {
    const size_t outputs = line.starts_with('%') ? line.find(" = ") : 0;
    for (size_t i = 0; i < line.size(); ++i) {
      if (i == outputs && i > 0) full += ": ?";
      if (i < outputs && line[i] == ',') full += ": ?";
      full += line[i];
    }
    full += '\n';
  }
  Result<Graph> graph = parse_graph(full, "test");
  if (!graph) {
    ADD_FAILURE() << graph.error().message;
    return {};
  }
  const Result<void> status = infer_shapes(*graph);
  EXPECT_TRUE(status) << status.error().message;
  return *std::move(graph);
}

Result<Graph> round_trip(const Graph& graph, int opset) {
  SHRIKE_ASSIGN(const std::string bytes, write_onnx(graph, {opset}));
  return read_onnx(std::as_bytes(std::span(bytes)), nullptr, "written");
}

std::string text_after(const Graph& graph, int opset) {
  const Result<Graph> back = round_trip(graph, opset);
  return back ? print_graph(*back) : back.error().message;
}

std::string write_error(const Graph& graph, int opset = 17) {
  const Result<std::string> bytes = write_onnx(graph, {opset});
  return bytes ? "" : bytes.error().message;
}

// One graph per group of operators, every attribute away from its default somewhere.
const std::vector<std::string>& graphs() {
  static const std::vector<std::string> all = {
      R"(input %x: f32["n",2,8,8]
const %w: f32[4,1,3,3] = hex")" +
          std::string(4 * 9 * 8, '0') + R"("
const %b: f32[4] = [1, 2, 3, 4]
const %t: f32[4,2,2,2] = hex")" +
          std::string(4 * 8 * 8, '0') + R"("
const %s: f32[4] = [1, 1, 2, 2]
const %to: i64[4] = [1, 8, 5, 7]
%c = Conv(%x, %w, %b) strides=[2, 1] pads=[1, 0, 1, 2] dilations=[1, 2] group=2 @"conv"
%same = Conv(%c, %t) auto_pad=SAME_UPPER group=2
%n = BatchNormalization(%c, %b, %b, %b, %b) epsilon=0.25
%d = ConvTranspose(%n, %t) strides=[2, 2] output_padding=[1, 0] group=4
%m = MaxPool(%d) kernel_shape=[3, 2] strides=[1, 2] pads=[1, 1, 0, 0] ceil_mode=1
%a = AveragePool(%m) kernel_shape=[2, 2] count_include_pad=1 pads=[1, 1, 0, 0]
%p = GlobalAveragePool(%a)
%r = Resize(%a, %s) coordinate_transformation_mode=asymmetric nearest_mode=floor
%q = Resize(%a, _, %to) mode=linear coordinate_transformation_mode=pytorch_half_pixel
output %p
output %q
output %r
output %same
)",
      R"(input %x: f32[2,3]
input %i: i64[2,3]
const %lo: f32[] = [-1]
%a = LeakyRelu(%x) alpha=0.1
%b = HardSigmoid(%a) alpha=0.25 beta=0.5
%c = Elu(%b) alpha=0.5
%d = Clip(%c, %lo)
%e = Clip(%d, _, %lo)
%f = PRelu(%e, %lo)
%g = Mod(%i, %i)
%h = Mod(%x, %f) fmod=1
%k = GreaterOrEqual(%h, %lo)
%l = Not(%k)
%m = Where(%l, %h, %x)
%o = Cast(%m) to=f16
%p = Erf(%x)
output %o
output %g
output %p
)",
      R"(input %x: f32[2,6,4]
const %sizes: i64[2] = [2, 4]
const %zero: i64[1] = [0]
const %one: i64[1] = [1]
const %two: i64[1] = [2]
const %perm: i64[3] = [2, 12, 2]
const %pads: i64[6] = [0, 1, 0, 0, 2, 0]
const %value: f32[] = [3]
const %k: i64[1] = [3]
const %axis: i64[] = [1]
%a, %b = Split(%x, %sizes) axis=1
%c, %d = Split(%x) axis=2
%e = Concat(%a, %b) axis=1
%f = Slice(%e, %zero, %two, %one, %one)
%g = Transpose(%f) perm=[2, 0, 1]
%h = Transpose(%g)
%i = Unsqueeze(%h, %zero)
%j = Squeeze(%i, %zero)
%l = Pad(%e, %pads, %value) mode=constant
%m = Pad(%e, %pads) mode=reflect
%n, %o = TopK(%x, %k) axis=1 largest=0 sorted=0
%p = GatherElements(%x, %o) axis=1
%q = Flatten(%p) axis=2
%r = ReduceSum(%q, %one) keepdims=0
%s = ReduceSum(%q) noop_with_empty_axes=1
%t = ArgMax(%q) axis=1 keepdims=0 select_last_index=1
%u = CumSum(%x, %axis) exclusive=1 reverse=1
%v = Shape(%u)
%w = ConstantOfShape(%v) value=i64[1] [7]
%y = Softmax(%u) axis=1
%z = Reshape(%y, %perm)
output %z
output %w
output %t
output %s
output %r
output %n
output %m
output %l
output %j
output %d
)",
  };
  return all;
}

TEST(OnnxWriter, ReadsBackAsTheSameGraph) {
  for (const std::string& text : graphs()) {
    Graph graph = graph_of(text);
    remove_dead(graph);
    for (int opset = 13; opset <= kMaxWriteOpset; ++opset)
      EXPECT_EQ(text_after(graph, opset), print_graph(graph)) << opset;
  }
}

TEST(OnnxWriter, BytesDependOnTheGraphAlone) {
  for (const std::string& text : graphs())
    EXPECT_EQ(*write_onnx(graph_of(text)), *write_onnx(graph_of(text)));
}

TEST(OnnxWriter, MetadataAndUnnamedExtentsSurvive) {
  Graph graph = graph_of("input %x: f32[?,3,?]\n%y = Relu(%x)\noutput %y\n");
  graph.metadata = {{"names", "{0: 'caf\xc3\xa9'}"}, {"empty", ""}, {"", "no key"}};
  const Result<Graph> back = round_trip(graph, 17);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(same_graph(graph, *back)) << print_graph(*back);
}

TEST(OnnxWriter, OutputsMayBeInputsConstantsOrScalars) {
  const Graph graph = graph_of(
      "input %x: f32[]\nconst %c: f32[1] = [1]\n%y = Relu(%x)\noutput %x\noutput %c\noutput %y\n");
  EXPECT_EQ(text_after(graph, 17), print_graph(graph));
}

TEST(OnnxWriter, MishAndHardSwishInOlderSets) {
  const Graph graph = graph_of("input %x: f32[2]\n%m = Mish(%x)\n%h = HardSwish(%m)\noutput %h\n");
  EXPECT_EQ(text_after(graph, 18), print_graph(graph));
  const std::string at_13 = text_after(graph, 13);
  EXPECT_EQ(at_13, R"(graph "g"
input %x: f32[2]
%m.softplus: f32[2] = Softplus(%x)
%m.tanh: f32[2] = Tanh(%m.softplus)
%m: f32[2] = Mul(%x, %m.tanh)
%h.gate: f32[2] = HardSigmoid(%m) alpha=0.16666667 beta=0.5
%h: f32[2] = Mul(%m, %h.gate)
output %h
)");
}

TEST(OnnxWriter, AxesOfReductionsInOlderSets) {
  const std::string head = "input %x: f32[2,3]\ninput %a: i64[1]\nconst %k: i64[1] = [-1]\n";
  const Graph constant = graph_of(head + "%y = ReduceMax(%x, %k) keepdims=0\noutput %y\n");
  EXPECT_NE(text_after(constant, 17).find("%y: f32[2] = ReduceMax(%x, %y.axes) keepdims=0"),
            std::string::npos);
  EXPECT_NE(text_after(constant, 18).find("ReduceMax(%x, %k) keepdims=0"), std::string::npos);

  const Graph all = graph_of(head + "%y = ReduceMean(%x) keepdims=0\noutput %y\n");
  EXPECT_NE(text_after(all, 17).find("%y: f32[] = ReduceMean(%x) keepdims=0"), std::string::npos);
  const Graph none = graph_of(head + "%y = ReduceMin(%x) noop_with_empty_axes=1\noutput %y\n");
  EXPECT_NE(text_after(none, 17).find("%y: f32[2,3] = Identity(%x)"), std::string::npos);
  EXPECT_NE(text_after(none, 18).find("ReduceMin(%x) noop_with_empty_axes=1"), std::string::npos);

  const Graph computed = graph_of(head + "%y = ReduceProd(%x, %a)\noutput %y\n");
  EXPECT_NE(write_error(computed, 17).find("needs operator set 18"), std::string::npos);
  EXPECT_EQ(write_error(computed, 18), "");
}

TEST(OnnxWriter, AttributesNewerThanTheSetAreRefused) {
  const Graph shape = graph_of("input %x: f32[2,3]\n%y = Shape(%x) start=1\noutput %y\n");
  EXPECT_NE(write_error(shape, 14).find("'start' needs operator set 15"), std::string::npos);
  EXPECT_EQ(text_after(shape, 15), print_graph(shape));
  const Graph reshape = graph_of(
      "input %x: f32[0,3]\nconst %to: i64[2] = [3, 0]\n%y = Reshape(%x, %to) allowzero=1\n"
      "output %y\n");
  EXPECT_NE(write_error(reshape, 13).find("'allowzero' needs operator set 14"), std::string::npos);
  EXPECT_EQ(text_after(reshape, 14), print_graph(reshape));
}

TEST(OnnxWriter, WhatOnnxLacksIsRefused) {
  const auto refused = [](const std::string& node) {
    return write_error(graph_of(
        "input %x: f32[1,1,2,2]\nconst %w: f32[1,1,1,1] = [1]\nconst %b: f32[1] = [1]\n%y = " +
        node + "\noutput %y\n"));
  };
  EXPECT_NE(refused("Silu(%x) @\"act\"").find("Silu node 'act'"), std::string::npos);
  EXPECT_NE(refused("Silu(%x)").find("expand_fused"), std::string::npos);
  EXPECT_NE(refused("Conv(%x, %w) activation=Relu").find("expand_fused"), std::string::npos);
  EXPECT_NE(refused("Conv(%x, %w, _, %x)").find("expand_fused"), std::string::npos);
  const Graph head = graph_of(
      "input %boxes: f32[1,4,2,2]\ninput %classes: f32[1,3,2,2]\n"
      "%y = Head(%boxes, %classes) num_classes=3 reg_max=1 strides=[8]\noutput %y\n");
  EXPECT_NE(write_error(head).find("expand_head"), std::string::npos);
}

TEST(OnnxWriter, OptionsAndOutputsAreChecked) {
  Graph graph = graph_of("input %x: f32[2]\n%y = Relu(%x)\noutput %y\n");
  for (const int opset : {-1, 12, 22}) {
    const Result<std::string> bytes = write_onnx(graph, {opset});
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().kind, ErrorKind::kUsage);
  }
  graph.outputs.push_back(graph.outputs[0]);
  EXPECT_NE(write_error(graph).find("same value 'y'"), std::string::npos);
  graph.outputs.pop_back();
  graph.value(graph.outputs[0]).dtype = DType::kUndefined;
  EXPECT_NE(write_error(graph).find("element type of 'y'"), std::string::npos);
}

TEST(OnnxWriter, FilesAreWrittenAndErrorsNameThem) {
  const TestFolder folder;
  const Graph graph = graph_of("input %x: f32[2]\n%y = Relu(%x)\noutput %y\n");
  ASSERT_TRUE(save_onnx(graph, folder / "model.onnx"));
  const Result<Graph> back = read_onnx(folder / "model.onnx");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(same_graph(graph, *back));
  const Result<void> status = save_onnx(graph, folder / "none/model.onnx");
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("none/model.onnx"), std::string::npos);
}

}  // namespace
}  // namespace shrike
