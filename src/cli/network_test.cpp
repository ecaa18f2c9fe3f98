#include "cli/network.h"

#include <gtest/gtest.h>

#include "cli/network_time.h"
#include "detect/input_size.h"
#include "ir/infer.h"
#include "ir/text.h"
#include "passes/pipeline.h"
#include "quantize/network.h"

namespace shrike {
namespace {

// A [yolo] head of one scale over a convolution; the sizes of the picture are `size`.
Graph detector_graph(const std::string& size) {
  const std::string text = "graph \"g\"\nmeta \"imgsz\" \"[64, 96]\"\ninput %images: f32[1,3," +
                           size + "]\nconst %w: f32[7,3,32,32] = hex\"" +
                           std::string(7 * 3 * 1024 * 8, '0') +
                           "\"\nconst %b: f32[7] = [0,0,0,0,0,0,0]\n"
                           "%map: ? = Conv(%images, %w, %b) strides=[32,32]\n"
                           "%output0: ? = Head(%map) kind=darknet num_classes=2 strides=[32] "
                           "anchors=[10,20] scale_xy=[1]\noutput %output0\n";
  Result<Graph> graph = parse_graph(text, "test");
  EXPECT_TRUE(graph) << graph.error().message;
  if (!graph) return {};
  const Result<void> inferred = infer_shapes(*graph);
  EXPECT_TRUE(inferred) << inferred.error().message;
  return std::move(*graph);
}

Shape output_shape(const Graph& graph) { return *graph.value(graph.outputs[0]).shape; }

TEST(Network, DefaultSizes) {
  EXPECT_EQ(default_size(detector_graph("32,64")), (std::array{32, 64}));
  EXPECT_EQ(default_size(detector_graph("?,?")), (std::array{64, 96}));
  Graph plain = detector_graph("?,?");
  plain.metadata.clear();
  EXPECT_EQ(default_size(plain), (std::array{640, 640}));
}

// Milliseconds are those of the saved file: what decodes the head is run, too.
TEST(Network, IsTimedToTheFilesOwnOutputs) {
  const Graph lifted = detector_graph("32,64");
  const Result<Graph> saved = network_to_save(lifted);
  ASSERT_TRUE(saved) << saved.error().message;
  const Result<Session> ours = session_of_file(lifted), files = session_of_file(*saved);
  ASSERT_TRUE(ours && files);
  const auto kernels = [](const Session& session) {
    std::vector<std::string> names;
    for (const auto& step : session.plan().steps()) names.push_back(step.info.kernel);
    return names;
  };
  EXPECT_EQ(kernels(*ours), kernels(*files));
  EXPECT_GT(kernels(*ours).size(), 2u);
  EXPECT_GT(*network_ms(lifted), 0);
}

TEST(Network, TellsWhichSizeItFixes) {
  EXPECT_EQ(fixed_size_note(detector_graph("32,64"), "m"), "");
  for (const char* size : {"?,?", "?,96", "64,?"}) {
    const std::string note = fixed_size_note(detector_graph(size), "m.onnx");
    EXPECT_NE(note.find("m.onnx leaves"), std::string::npos) << note;
    EXPECT_NE(note.find(" 64x96 "), std::string::npos) << note;
    EXPECT_NE(note.find("--imgsz"), std::string::npos) << note;
  }
}

TEST(Network, FixesTheSize) {
  const Result<Graph> own = at_size(detector_graph("32,64"), {}, "m");
  ASSERT_TRUE(own) << own.error().message;
  EXPECT_EQ(output_shape(*own), Shape({1, 2, 7}));
  const Result<Graph> dynamic = at_size(detector_graph("?,?"), std::array{64, 64}, "m");
  ASSERT_TRUE(dynamic) << dynamic.error().message;
  EXPECT_EQ(output_shape(*dynamic), Shape({1, 4, 7}));
  EXPECT_EQ(dynamic->metadata.at("imgsz"), "[64, 64]");
}

TEST(Network, ChangesASizeThatWasSaved) {
  const Result<Graph> other = at_size(detector_graph("32,64"), std::array{96, 32}, "m");
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_EQ(output_shape(*other), Shape({1, 3, 7}));
  const Result<Graph> wrong = at_size(detector_graph("32,64"), std::array{50, 32}, "m.onnx");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("m.onnx at 50x32"), std::string::npos);
}

TEST(Network, RefusesASizeThatIsNoMultipleOfTheStride) {
  Graph dynamic = detector_graph("?,?");
  dynamic.metadata["stride"] = "32";
  const Result<Graph> wrong = at_size(dynamic, std::array{64, 50}, "m.onnx");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(wrong.error().message,
            "m.onnx at 64x50: imgsz 64x50 is not a multiple of the model's stride 32");
  EXPECT_TRUE(at_size(dynamic, std::array{64, 32}, "m.onnx"));
}

// An anchor-free head of one scale and two classes, written out, and the model's own NMS behind it.
Graph graph_with_nms() {
  Graph graph;
  const ValueId picture = graph.add_input("images", DType::kF32, Shape{1, 3, 32, 64});
  const auto map = [&](int64_t channels) {
    const ValueId w = graph.add_constant("w", Tensor(DType::kF32, Shape{channels, 3, 32, 32}));
    Conv conv;
    conv.strides = {32, 32};
    return graph.add_node(conv, {picture, w}, "map");
  };
  const ValueId box = map(16), classes = map(2);
  Head head;
  head.num_classes = 2;
  head.reg_max = 4;
  head.strides = {32};
  const ValueId decoded = graph.add_node(head, {box, classes}, "decoded");
  const auto ints = [&](int64_t x) {
    return graph.add_constant("i", Tensor::from<int64_t>(Shape{1}, {x}));
  };
  const auto rows = [&](int64_t from, int64_t to) {
    return graph.add_node(Slice{}, {decoded, ints(from), ints(to), ints(1)}, "rows");
  };
  const ValueId boxes = graph.add_node(Transpose{{0, 2, 1}}, {rows(0, 4)}, "boxes");
  graph.outputs = {graph.add_node(NonMaxSuppression{1}, {boxes, rows(4, 6)}, "kept")};
  EXPECT_TRUE(infer_shapes(graph));
  EXPECT_TRUE(run_passes(graph, saving_passes()));
  return graph;
}

TEST(Network, SaysThatTheFilesOwnNmsStandsInTheWay) {
  const Graph graph = graph_with_nms();
  const Result<std::string> head = describe_head(graph);
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(*head,
            "anchor_free, strides 32, 2 classes, reg_max 4, with the file's own NMS behind it");
  const Result<Graph> other = at_size(graph, std::array{96, 32}, "m.onnx");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::kModel);
  for (const char* part : {"m.onnx at 96x32", "own NMS", "nms=False"})
    EXPECT_NE(other.error().message.find(part), std::string::npos) << other.error().message;
  EXPECT_TRUE(at_size(graph, std::array{32, 64}, "m.onnx")) << "its own size";
}

TEST(Network, CountsParametersAndDescribesTheHead) {
  const Graph graph = detector_graph("32,64");
  EXPECT_EQ(size_of(graph).parameters, 7 * 3 * 1024 + 7);
  EXPECT_EQ(size_of(graph).macs, 7 * 3 * 1024 * 2);
  EXPECT_EQ(*describe_head(graph), "darknet, strides 32, 2 classes, 1 anchors a cell");
  EXPECT_FALSE(describe_head(*parse_graph(
      "graph \"g\"\ninput %x: f32[1,3,8,8]\n%y: f32[1,3,8,8] = Relu(%x)\noutput %y\n", "t")));
}

}  // namespace
}  // namespace shrike
