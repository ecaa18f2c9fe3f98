#include "formats/model.h"

#include <gtest/gtest.h>

#include "formats/darknet/test_net.h"
#include "formats/onnx_writer.h"
#include "formats/test_folder.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

const std::string kCfg =
    "# a network\n[net]\nwidth=4\nheight=4\nchannels=1\n[convolutional]\nfilters=6\n"
    "activation=linear\n[yolo]\nmask=0\nanchors=1,2\nclasses=1\n";

class LoadModel : public testing::Test {
 protected:
  void SetUp() override {
    Graph graph;
    const ValueId x = graph.add_input("x", DType::kF32, Shape{2});
    graph.outputs = {graph.add_node(Unary{UnaryKind::kRelu}, {x}, "y")};
    graph.value(graph.outputs[0]).dtype = DType::kF32;
    graph.value(graph.outputs[0]).shape = Shape{2};
    onnx = *write_onnx(graph);
    weights = darknet::weights_bytes(12);
  }

  fs::path put(const std::string& name, std::string_view bytes) {
    const fs::path path = folder.path() / name;
    EXPECT_TRUE(write_file(path, bytes));
    return path;
  }
  // The error, which must name the file that is at fault.
  std::string error(const ModelFiles& files, const std::string& names) {
    const Result<Graph> graph = load_model(files);
    if (graph) return "";
    EXPECT_EQ(graph.error().kind, ErrorKind::kModel);
    EXPECT_NE(graph.error().message.find(names), std::string::npos) << graph.error().message;
    EXPECT_EQ(graph.error().message.find('\n'), std::string::npos);
    return graph.error().message;
  }

  TestFolder folder;
  std::string onnx, weights;
};

TEST_F(LoadModel, OnnxUnderAnyName) {
  EXPECT_TRUE(load_model({put("a.onnx", onnx), {}}));
  EXPECT_TRUE(load_model({put("a.ONNX", onnx), {}}));
  EXPECT_TRUE(load_model({put("-no ending\n", onnx), {}}));
}

TEST_F(LoadModel, DarknetFromEitherFileInEitherOrder) {
  const fs::path cfg = put("a.cfg", kCfg), floats = put("a.weights", weights);
  EXPECT_TRUE(load_model({cfg, {}}));
  EXPECT_TRUE(load_model({floats, {}}));
  EXPECT_TRUE(load_model({cfg, floats}));
  EXPECT_TRUE(load_model({floats, cfg}));
  EXPECT_TRUE(load_model({put("net.txt", kCfg), put("floats.bin", weights)}));
}

TEST_F(LoadModel, HalfAPairIsAnError) {
  EXPECT_NE(error({put("a.cfg", kCfg), {}}, "a.cfg").find("a.weights"), std::string::npos);
  EXPECT_NE(error({put("b.weights", weights), {}}, "b.weights").find("b.cfg"), std::string::npos);
  const fs::path model = put("a.onnx", onnx);
  EXPECT_NE(error({model, put("c.weights", weights)}, "a.onnx"), "");
  EXPECT_NE(error({put("a.cfg", kCfg), put("d.cfg", kCfg)}, "d.cfg"), "");
}

TEST_F(LoadModel, OtherProgramsFilesSayWhatToDo) {
  const std::string zip("PK\x03\x04\x00\x00", 6);
  EXPECT_NE(error({put("yolo11n.pt", zip), {}}, "yolo11n.pt").find("export the model to ONNX"),
            std::string::npos);
  EXPECT_NE(error({put("renamed.onnx", zip), {}}, "renamed.onnx").find("PyTorch"),
            std::string::npos);
  EXPECT_NE(error({put("a.pth", "\x80\x02pickle"), {}}, "a.pth").find("pickle"), std::string::npos);
  EXPECT_NE(error({put("a.engine", "any bytes"), {}}, "a.engine").find("TensorRT"),
            std::string::npos);
  EXPECT_NE(error({put("a.tflite", std::string("\x1c\0\0\0TFL3", 8)), {}}, "a.tflite")
                .find("TensorFlow Lite"),
            std::string::npos);
  EXPECT_NE(error({put("b.onnx", "version https://git-lfs.github.com/spec/v1\n"), {}}, "b.onnx")
                .find("LFS"),
            std::string::npos);
  EXPECT_NE(error({put("c.onnx", "<!DOCTYPE html>"), {}}, "c.onnx").find("web page"),
            std::string::npos);
}

TEST_F(LoadModel, WhatIsNoModelIsAnError) {
  EXPECT_NE(error({put("empty.onnx", ""), {}}, "empty.onnx").find("empty"), std::string::npos);
  EXPECT_NE(error({put("a.txt", "hello"), {}}, "a.txt").find("neither"), std::string::npos);
  EXPECT_NE(error({put("b.txt", "# only a comment"), {}}, "b.txt"), "");
  EXPECT_NE(error({put("text.onnx", "hello, no model"), {}}, "text.onnx"), "");
  EXPECT_NE(error({put("cut.onnx", onnx.substr(0, onnx.size() / 2)), {}}, "cut.onnx"), "");
  EXPECT_NE(error({folder.path(), {}}, folder.path().string()).find("irectory"), std::string::npos);
  EXPECT_NE(error({folder / "missing.onnx", {}}, "missing.onnx").find("No such file"),
            std::string::npos);
  EXPECT_NE(error({fs::path("/dev/null"), {}}, "/dev/null"), "");
  EXPECT_NE(error({fs::path(), {}}, ""), "");
}

}  // namespace
}  // namespace shrike
