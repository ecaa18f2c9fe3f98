// Whole runs of every kind of network: what they leave is a detector, and is what was judged.
#include "../golden/shared_files.h"
#include "end_to_end.h"
#include "formats/onnx_reader.h"
#include "squares.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

class FamiliesTest : public SquaresTest {
 protected:
  // Two epochs, the second without mosaic.
  std::vector<std::string> run_of(const std::string& option, const std::string& network,
                                  const std::string& out = "run") const {
    std::vector<std::string> run = words(out, {"--epochs", "2", "--close-mosaic", "1"});
    run[1] = option;
    run[2] = network;
    run.insert(run.end(), {"--imgsz", "64"});
    return run;
  }

  // Its files are detectors for the two classes with batch norms folded, and the last one scores
  // what the run says.
  void expect_detectors(const std::string& out = "run") const {
    for (const char* file : {"best.onnx", "last.onnx"}) {
      const Result<Graph> graph = read_onnx(at(out) / file);
      ASSERT_TRUE(graph) << graph.error().message;
      EXPECT_EQ(graph->metadata.at("names"), "{0: 'red', 1: 'blue'}");
      for (const Node& node : graph->nodes)
        EXPECT_FALSE(std::holds_alternative<BatchNorm>(node.op)) << file;
    }
    const Outcome val = run_shrike({"val", "--model", path(out + "/last.onnx"), "--data",
                                    path("set"), "--bootstrap", "0", "--json"});
    ASSERT_EQ(val.code, 0) << val.err;
    EXPECT_NEAR(json_lines(val.out).back()["map50_95"].get<double>(), cell(out, 2, "map50_95"),
                2e-3);
  }
};

class Scratch : public FamiliesTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(Scratch, Trains) {
  const Outcome outcome = run_shrike(run_of("--scratch", GetParam()));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  expect_detectors();
}

INSTANTIATE_TEST_SUITE_P(Families, Scratch,
                         ::testing::Values("yolov8n", "yolo11n", "yolov5n", "yolov5nu",
                                           "yolov3-tiny"),
                         [](const auto& test) { return test_name(test.param); });

class Imports : public FamiliesTest, public ::testing::WithParamInterface<const char*> {};

// They are for other classes.
TEST_P(Imports, AreTrained) {
  const auto model = find_model(GetParam());
  if (!model) GTEST_SKIP() << GetParam() << " is not there";
  const Outcome outcome = run_shrike(run_of("--model", model->string()));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("head is new"), std::string::npos) << outcome.err;
  expect_detectors();
}

INSTANTIATE_TEST_SUITE_P(Files, Imports,
                         ::testing::Values("yolov8n-bccd-320", "yolo11n-random", "yolov5n-random",
                                           "yolox_nano", "yolov10n_e2e-random", "yolo-fastest-1.1",
                                           "yolov3-tiny"),
                         [](const auto& test) { return test_name(test.param); });

// YOLOX learns sides exactly when the pictures are whole (train/simota_loss.h).
TEST_F(FamiliesTest, YoloxHasItsLateLoss) {
  const auto model = find_model("yolox_nano");
  if (!model) GTEST_SKIP() << "yolox_nano is not there";
  const Outcome outcome = run_shrike(run_of("--model", model->string()));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(cell("run", 1, "train_l1_loss"), 0);
  EXPECT_GT(cell("run", 2, "train_l1_loss"), 0);
}

class EndToEnd : public FamiliesTest, public ::testing::WithParamInterface<int64_t> {};

// The copy that teaches the backbone is in checkpoints alone, and a run goes on without the file
// that it began with.
TEST_P(EndToEnd, KeepsItsCopyInCheckpoints) {
  write_end_to_end(at("model.onnx"), GetParam());
  const std::vector<std::string> often{"--save-seconds", "0"};
  std::vector<std::string> whole = run_of("--model", path("model.onnx"), "whole"),
                           parts = run_of("--model", path("model.onnx"), "parts");
  for (std::vector<std::string>* run : {&whole, &parts})
    run->insert(run->end(), often.begin(), often.end());
  const Outcome outcome = run_shrike(whole);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_GT(cell("whole", 2, "train_box_loss"), 0);
  EXPECT_GT(cell("whole", 2, "train_box.one_loss"), 0);
  expect_detectors("whole");
  const std::string checkpoint = "checkpoints/checkpoint-6.safetensors";
  EXPECT_NE(bytes_of(at("whole") / checkpoint).find(".one_to_many"), std::string::npos);
  EXPECT_EQ(bytes_of(at("whole/best.onnx")).find("one_to_many"), std::string::npos);

  Start start;
  start.words = parts;
  start.signal = SIGTERM;
  start.interrupt_when = at("parts/results.csv");
  ASSERT_EQ(run_shrike(start).code, 128 + SIGTERM);
  fs::remove(at("model.onnx"));
  const Outcome on = run_shrike({"train", "--resume", path("parts")});
  ASSERT_EQ(on.code, 0) << on.err;
  for (const std::string& file : {checkpoint, std::string("best.onnx"), std::string("last.onnx")})
    EXPECT_EQ(bytes_of(at("whole") / file), bytes_of(at("parts") / file)) << file;
}

INSTANTIATE_TEST_SUITE_P(Heads, EndToEnd, ::testing::Values(16, 1), [](const auto& test) {
  return test.param == 1 ? "OfYolo26" : "OfYolov10";
});

// A file whose batch norms are folded goes on from where it was: it would not with statistics that
// its pictures do not have.
TEST_F(FamiliesTest, AFoldedFileGoesOnAtItsScore) {
  ASSERT_EQ(run_shrike(words("first", {"--epochs", "60", "--lr0", "0.01"})).code, 0);
  std::vector<std::string> on =
      words("second", {"--epochs", "1", "--lr0", "0.0001", "--mosaic", "0"});
  on[1] = "--model";
  on[2] = path("first/last.onnx");
  const Outcome outcome = run_shrike(on);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_GT(cell("first", 60, "map50"), 0.5);
  EXPECT_GT(cell("second", 1, "map50"), 0.9 * cell("first", 60, "map50"));
  const std::string checkpoint = bytes_of(at("second/checkpoints/checkpoint-3.json"));
  EXPECT_NE(checkpoint.find("BatchNormalization"), std::string::npos);
}

}  // namespace
}  // namespace shrike::testing
