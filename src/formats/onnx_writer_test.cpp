// What is written reads back as the same graph; what ONNX or the operator set lacks is written in
// other operators or refused.
#include "formats/onnx_writer.h"

#include <gtest/gtest.h>

#include "formats/onnx/test_graphs.h"
#include "formats/onnx_reader.h"
#include "formats/test_folder.h"
#include "ir/text.h"

namespace shrike {
namespace {

using onnx::graph_of;

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

TEST(OnnxWriter, ReadsBackAsTheSameGraph) {
  for (const std::string& text : onnx::test_graphs()) {
    Graph graph = graph_of(text);
    remove_dead(graph);
    for (int opset = 13; opset <= kMaxWriteOpset; ++opset)
      EXPECT_EQ(text_after(graph, opset), print_graph(graph)) << opset;
  }
}

TEST(OnnxWriter, BytesDependOnTheGraphAlone) {
  for (const std::string& text : onnx::test_graphs())
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

// What ONNX Runtime's Split of set 17 refuses, although set 18 has it.
TEST(OnnxWriter, UnequalPartsInOlderSets) {
  const Graph uneven =
      graph_of("input %x: f32[2,5]\n%a, %b, %c = Split(%x) axis=1\noutput %a\noutput %c\n");
  EXPECT_EQ(text_after(uneven, 18), print_graph(uneven));
  const std::string at_17 = text_after(uneven, 17);
  EXPECT_NE(at_17.find("const %a.sizes: i64[3] = [2, 2, 1]"), std::string::npos) << at_17;
  EXPECT_NE(at_17.find("Split(%x, %a.sizes) axis=1"), std::string::npos) << at_17;
  const Graph even = graph_of("input %x: f32[2,6]\n%a, %b = Split(%x) axis=-1\noutput %a\n");
  EXPECT_EQ(text_after(even, 17), print_graph(even));
  const Graph open = graph_of("input %x: f32[2,?]\n%a, %b = Split(%x) axis=1\noutput %a\n");
  EXPECT_NE(write_error(open, 17).find("Split node"), std::string::npos);
  EXPECT_EQ(text_after(open, 18), print_graph(open));
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
