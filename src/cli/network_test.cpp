#include "cli/network.h"

#include "detect/input_size.h"

#include <gtest/gtest.h>

#include "ir/infer.h"
#include "ir/text.h"

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

TEST(Network, CountsParametersAndDescribesTheHead) {
  const Graph graph = detector_graph("32,64");
  EXPECT_EQ(parameter_count(graph), 7 * 3 * 1024 + 7);
  EXPECT_EQ(*describe_head(graph), "darknet, strides 32, 2 classes, 1 anchors a cell");
  EXPECT_FALSE(describe_head(*parse_graph(
      "graph \"g\"\ninput %x: f32[1,3,8,8]\n%y: f32[1,3,8,8] = Relu(%x)\noutput %y\n", "t")));
}

}  // namespace
}  // namespace shrike
