#include "fixtures.h"

#include <algorithm>
#include <functional>
#include <sstream>

#include "base/file.h"
#include "formats/names_literal.h"
#include "formats/onnx_reader.h"
#include "formats/onnx_writer.h"
#include "ir/infer.h"
#include "ir/text.h"
#include "passes/pipeline.h"
#include "vision/encode.h"
#include "zoo/scratch.h"

namespace shrike::testing {

namespace {

namespace fs = std::filesystem;

// One scale of stride 32 behind a convolution whose weights are zero: every cell sees its bias.
constexpr const char* kTinyModel = R"(graph "tiny"
meta "names" "{0: 'cat', 1: 'dog'}"
meta "stride" "32"
meta "imgsz" "[32, 64]"
input %images: f32[1,3,32,64]
const %b: f32[7] = [0, 0, 0, 0, 9, 5, -9]
%map: ? = Conv(%images, %w, %b) strides=[32,32]
%output0: ? = Head(%map) kind=darknet num_classes=2 strides=[32] anchors=[10,20] scale_xy=[1]
output %output0
)";

void write_tiny_model(const fs::path& path) {
  const std::string weights =
      "const %w: f32[7,3,32,32] = hex\"" + std::string(7 * 3 * 1024 * 8, '0') + "\"\n";
  std::string text = kTinyModel;
  text.insert(text.find("const %b"), weights);
  Result<Graph> graph = parse_graph(text, "tiny");
  ASSERT_TRUE(graph) << graph.error().message;
  for (const Result<void>& done :
       {infer_shapes(*graph), run_passes(*graph, saving_passes()), save_onnx(*graph, path)})
    ASSERT_TRUE(done) << done.error().message;
}

}  // namespace

ProgramTest::ProgramTest() : root_(folder_.path()), model_(path("tiny.onnx")) {
  write_tiny_model(model_);
}

std::string ProgramTest::picture(const std::string& name) const {
  Image image(64, 32);
  for (size_t i = 0; i < image.bytes().size(); ++i) image.bytes()[i] = static_cast<uint8_t>(i * 7);
  // Two names are two pictures, and not copies of one.
  const size_t own = std::hash<std::string>()(name);
  for (size_t i = 0; i < sizeof own; ++i) image.bytes()[i] = static_cast<uint8_t>(own >> (8 * i));
  fs::create_directories(at(name).parent_path());
  EXPECT_TRUE(write_image(at(name), image));
  return path(name);
}

std::string ProgramTest::wide_model() const {
  Result<Graph> graph = zoo::scratch_model("yolov8n", {.classes = 2, .size = {{64, 64}}});
  EXPECT_TRUE(graph) << graph.error().message;
  EXPECT_TRUE(run_passes(*graph, saving_passes()));
  graph->metadata["names"] = "{0: 'cat', 1: 'dog'}";
  const Result<std::string> bytes = write_onnx(*graph, {});
  EXPECT_TRUE(bytes) << bytes.error().message;
  return file("wide.onnx", *bytes);
}

std::string ProgramTest::with_open_size(const std::string& model) const {
  Result<Graph> graph = read_onnx(at(model));
  EXPECT_TRUE(graph) << graph.error().message;
  Shape& shape = *graph->value(graph->inputs[0]).shape;
  graph->metadata["imgsz"] = write_image_size({shape[2], shape[3]});
  shape[2] = shape[3] = kDynamic;
  EXPECT_TRUE(save_onnx(*graph, at("open.onnx")));
  return path("open.onnx");
}

std::string ProgramTest::file(const std::string& name, const std::string& bytes) const {
  fs::create_directories(at(name).parent_path());
  EXPECT_TRUE(write_file(at(name), bytes));
  return path(name);
}

Outcome ProgramTest::detect(std::vector<std::string> words) const {
  words.insert(words.begin(), {"detect", "--model", model_, "--threads", "1"});
  return run_shrike(words);
}

std::vector<Json> ProgramTest::json_lines(const std::string& text) {
  std::vector<Json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    const Result<Json> json = parse_json(line, "standard output");
    EXPECT_TRUE(json) << line;
    if (json) lines.push_back(*json);
  }
  return lines;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string bytes_of(const fs::path& path) {
  const Result<std::string> text = read_text(path, ErrorKind::kInput);
  EXPECT_TRUE(text);
  return text ? *text : "";
}

}  // namespace shrike::testing
