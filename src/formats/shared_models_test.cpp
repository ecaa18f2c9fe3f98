// The real models that developers have beside the repository: read, verified, written, read again.
// They are looked for in $SHRIKE_SHARED, or in ../shared beside the source.
#include <gtest/gtest.h>

#include <cstdlib>

#include "formats/model.h"
#include "formats/names_literal.h"
#include "formats/onnx_reader.h"
#include "formats/onnx_writer.h"
#include "ir/verify.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

struct SharedModel {
  const char* file;
  const char* output;
  const char* shape;
  const char* imgsz;  // null: the file does not say
};

void PrintTo(const SharedModel& model, std::ostream* out) { *out << model.file; }

class SharedModels : public testing::TestWithParam<SharedModel> {
 protected:
  void SetUp() override {
    const char* given = std::getenv("SHRIKE_SHARED");
    const fs::path shared = given ? fs::path(given) : fs::path(SHRIKE_SOURCE_DIR) / "../shared";
    path = shared / "models" / GetParam().file;
    if (!fs::exists(path)) GTEST_SKIP() << path << " is not there";
  }
  fs::path path;
};

TEST_P(SharedModels, ReadVerifiedAndWritten) {
  const Result<Graph> graph = load_model({path, {}});
  ASSERT_TRUE(graph) << graph.error().message;
  const Result<void> valid = verify(*graph);
  EXPECT_TRUE(valid) << valid.error().message;
  ASSERT_EQ(graph->inputs.size(), 1u);
  EXPECT_EQ(graph->value(graph->outputs.at(0)).name, GetParam().output);
  const std::optional<Shape>& shape = graph->value(graph->outputs[0]).shape;
  ASSERT_TRUE(shape);
  EXPECT_EQ(to_string(*shape), GetParam().shape);
  if (GetParam().imgsz) {
    EXPECT_EQ(graph->metadata.at("imgsz"), GetParam().imgsz);
    EXPECT_TRUE(parse_image_size(graph->metadata.at("imgsz")));
    EXPECT_EQ(*parse_stride(graph->metadata.at("stride")), 32);
  }
  if (const auto names = graph->metadata.find("names"); names != graph->metadata.end()) {
    const Result<std::vector<std::string>> parsed = parse_names(names->second);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(write_names(*parsed), names->second);
  }
  if (path.extension() != ".onnx") return;  // a lifted head cannot be written
  for (const int opset : {13, 17, 21}) {
    const Result<std::string> bytes = write_onnx(*graph, {opset});
    ASSERT_TRUE(bytes) << bytes.error().message;
    const Result<Graph> back = read_onnx(std::as_bytes(std::span(*bytes)), nullptr, "written");
    ASSERT_TRUE(back) << back.error().message;
    // Where an input had to become an attribute its constant comes back under another name.
    if (opset >= 18) {
      EXPECT_TRUE(same_graph(*graph, *back));
    }
    EXPECT_EQ(graph->nodes.size(), back->nodes.size());
  }
}

const SharedModel kModels[] = {
    {"yolo11n-random.onnx", "output0", "1x84x8400", "[640, 640]"},
    // Its nodes compute some extents, which only folding makes known.
    {"yolov10n_e2e-random.onnx", "output0", "?x300x?", "[640, 640]"},
    {"yolov5n-random.onnx", "output0", "1x84x8400", "[640, 640]"},
    {"yolov8n-bccd-320.onnx", "output0", "1x7x2100", "[320, 320]"},
    {"yolov8n-bccd-640.onnx", "output0", "1x7x8400", "[640, 640]"},
    {"yolox_nano.onnx", "output", "1x3549x85", nullptr},
    {"yolo-fastest-1.1.cfg", "output0", "1x1500x85", "[320, 320]"},
    {"yolo-fastest-1.1-xl.cfg", "output0", "1x1500x85", "[320, 320]"},
};
INSTANTIATE_TEST_SUITE_P(Files, SharedModels, testing::ValuesIn(kModels));

}  // namespace
}  // namespace shrike
