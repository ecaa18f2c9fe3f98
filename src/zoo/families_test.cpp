// The built-in families have the published sizes.
#include "zoo/families.h"

#include <gtest/gtest.h>

#include "ir/verify.h"

namespace shrike::zoo {
namespace {

struct Published {
  const char* name;
  int64_t
      parameters;  // for COCO's 80 classes, that learn: statistics of batch norms are not counted
  double gflops;   // at `side` x `side`, two a multiplication and addition, batch norms folded
  int64_t side;
  double rounding;  // of the published number
};

void PrintTo(const Published& p, std::ostream* out) { *out << p.name; }

// Parameters: the "gradients" that Ultralytics 8.4's model summary counts (it counts 16 more as
// parameters, the fixed numbers of the box distributions' expected bin). GFLOPs: the tables of
// docs.ultralytics.com for YOLOv8, YOLO11 and YOLOv5u; of YOLOv5, parameters and GFLOPs of
// github.com/ultralytics/yolov5, release 7.0. YOLOv3-tiny: 5.56 BFLOPS of
// pjreddie.com/darknet/yolo at 416, parameters the floats of yolov3-tiny.weights (35,434,956 bytes,
// 20 of header) less two a channel of its batch norms' statistics (3,184 channels).
constexpr Published kPublished[] = {
    {"yolov8n", 3157184, 8.7, 640, 0.1},       {"yolov8s", 11166544, 28.6, 640, 0.1},
    {"yolov8m", 25902624, 78.9, 640, 0.1},     {"yolo11n", 2624064, 6.5, 640, 0.1},
    {"yolo11s", 9458736, 21.5, 640, 0.1},      {"yolo11m", 20114672, 68.0, 640, 0.1},
    {"yolov5n", 1872157, 4.5, 640, 0.1},       {"yolov5s", 7235389, 16.4, 640, 0.1},
    {"yolov5m", 21190557, 48.9, 640, 0.1},     {"yolov5nu", 2654800, 7.7, 640, 0.1},
    {"yolov5su", 9153136, 24.0, 640, 0.1},     {"yolov5mu", 25111440, 64.2, 640, 0.1},
    {"yolov3-tiny", 8852366, 5.56, 416, 0.02},
};

int64_t parameters_of(const Graph& graph) {
  int64_t count = 0;
  for (const Node& node : graph.nodes) {
    const bool conv = std::holds_alternative<Conv>(node.op);
    if (!conv && !std::holds_alternative<BatchNorm>(node.op)) continue;
    for (size_t i = 1; i < std::min<size_t>(node.inputs.size(), 3); ++i)
      count += graph.constant(node.inputs[i])->size();
  }
  return count;
}

int64_t conv_macs_of(const Graph& graph) {
  int64_t macs = 0;
  for (const Node& node : graph.nodes) {
    if (!std::holds_alternative<Conv>(node.op)) continue;
    const Shape &weights = *graph.value(node.inputs[1]).shape,
                &out = *graph.value(node.outputs[0]).shape;
    macs += *out.element_count() * weights[1] * weights[2] * weights[3];
  }
  return macs;
}

class Families : public ::testing::TestWithParam<Published> {};

TEST_P(Families, HaveThePublishedSizes) {
  const Published& p = GetParam();
  const Result<Graph> graph = family_graph(p.name, 80, p.side, p.side);
  ASSERT_TRUE(graph) << graph.error().message;
  const Result<void> sound = verify(*graph);
  EXPECT_TRUE(sound) << sound.error().message;
  EXPECT_EQ(parameters_of(*graph), p.parameters);
  EXPECT_NEAR(2e-9 * static_cast<double>(conv_macs_of(*graph)), p.gflops, p.rounding);
}

INSTANTIATE_TEST_SUITE_P(All, Families, ::testing::ValuesIn(kPublished), [](const auto& test) {
  std::string name = test.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(Families, AllAreCompared) { EXPECT_EQ(family_names().size(), std::size(kPublished)); }

TEST(Families, GrowWithTheirClassesAndSize) {
  for (const std::string& name : family_names()) {
    const Result<Graph> graph = family_graph(name, 3, 96, 160);
    ASSERT_TRUE(graph) << graph.error().message;
    const Shape& out = *graph->value(graph->outputs[0]).shape;
    int64_t cells = 0;
    const Head& head = std::get<Head>(graph->nodes.back().op);
    for (const int64_t stride : head.strides) cells += (96 / stride) * (160 / stride);
    const bool anchors = head.kind != HeadKind::kAnchorFree;
    EXPECT_EQ(out, anchors ? (Shape{1, cells * 3, 8}) : (Shape{1, 7, cells})) << name;
  }
}

TEST(Families, RefuseWhatTheyCannotBe) {
  for (const auto& graph :
       {family_graph("yolov8x9", 80, 640, 640), family_graph("yolov8n", 0, 640, 640),
        family_graph("yolov8n", 80, 640, 650), family_graph("yolov8n", 80, 0, 640)}) {
    ASSERT_FALSE(graph);
    EXPECT_EQ(graph.error().kind, ErrorKind::kUsage);
  }
}

}  // namespace
}  // namespace shrike::zoo
