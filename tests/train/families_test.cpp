// Whole runs of every kind of network: what they leave is a detector, and is what was judged.
#include "../golden/shared_files.h"
#include "end_to_end.h"
#include "formats/onnx_reader.h"
#include "squares.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

// A run over four pictures that it is judged on, too, one step an epoch: what it must come to.
struct ByHeart {
  std::string network;
  int epochs;
  const char* rate;
  double least_map50;  // of its best epoch; 0: its batch norms' averages take longer than the run
};

class FamiliesTest : public SquaresTest {
 protected:
  // Pictures of train that are not among the first four go.
  void keep_four_pictures() const {
    for (int i = 4; i < 24; ++i) {
      fs::remove(at("set/images/train/" + std::to_string(100 + i) + ".png"));
      fs::remove(at("set/labels/train/" + std::to_string(100 + i) + ".txt"));
    }
    file("set/data.yaml", "path: .\ntrain: images/train\nval: images/train\nnames: [red, blue]\n");
  }

  // All parts of the loss but YOLOX's l1, which only begins later, fall, objects are found, and what is
  // saved is as good.
  Outcome expect_learned_by_heart(const std::string& option, const ByHeart& run) const {
    keep_four_pictures();
    std::vector<std::string> all = words("run", {"--imgsz", "64", "--cos-lr", "--lr0", run.rate});
    all[1] = option;
    all[2] = run.network;
    all[8] = all[10] = "4";
    all[12] = "1";  // two would wait for each other more than they compute
    for (const char* name : {"--warmup-epochs", "--mosaic", "--scale", "--translate", "--fliplr",
                             "--hsv-h", "--hsv-s", "--hsv-v", "--patience"})
      all.insert(all.end(), {name, "0"});
    all.insert(all.end(), {"--epochs", std::to_string(run.epochs)});
    Outcome outcome = run_shrike(all);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    if (outcome.code != 0) return outcome;
    const auto last = static_cast<size_t>(run.epochs);
    const auto most = [&](const std::string& column) {
      double most = 0;
      for (size_t row = 1; row <= last; ++row) most = std::max(most, cell("run", row, column));
      return most;
    };
    const std::vector<std::string> columns = rows("run")[0];
    for (const std::string& loss : columns) {
      if (!loss.starts_with("train_") || loss == "train_l1_loss") continue;
      const bool main = loss == "train_box_loss" || loss == "train_class_loss";
      EXPECT_LT(cell("run", last, loss), (main ? 0.4 : 0.9) * most(loss)) << loss;
    }
    EXPECT_GE(most("map50"), run.least_map50);
    expect_detectors("run", last);
    return outcome;
  }

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
  void expect_detectors(const std::string& out, size_t epochs) const {
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
    EXPECT_NEAR(json_lines(val.out).back()["map50_95"].get<double>(), cell(out, epochs, "map50_95"),
                2e-3);
  }
};

class Scratch : public FamiliesTest, public ::testing::WithParamInterface<ByHeart> {};

TEST_P(Scratch, LearnsByHeart) { expect_learned_by_heart("--scratch", GetParam()); }

INSTANTIATE_TEST_SUITE_P(Families, Scratch,
                         ::testing::Values(ByHeart{"yolov8n", 60, "0.01", 0.1},
                                           ByHeart{"yolo11n", 30, "0.01", 0},
                                           ByHeart{"yolov5n", 60, "0.01", 0.1},
                                           ByHeart{"yolov5nu", 60, "0.01", 0.1},
                                           ByHeart{"yolov3-tiny", 40, "0.003", 0.1}),
                         [](const auto& test) { return test_name(test.param.network); });

class Imports : public FamiliesTest, public ::testing::WithParamInterface<ByHeart> {};

// They are for other classes. Those called random have no weights that were ever trained.
TEST_P(Imports, LearnByHeart) {
  ByHeart run = GetParam();
  const auto model = find_model(run.network);
  if (!model) GTEST_SKIP() << run.network << " is not there";
  run.network = model->string();
  const Outcome outcome = expect_learned_by_heart("--model", run);
  EXPECT_NE(outcome.err.find("head is new"), std::string::npos) << outcome.err;
}

INSTANTIATE_TEST_SUITE_P(Files, Imports,
                         ::testing::Values(ByHeart{"yolov8n-bccd-320", 20, "0.002", 0.5},
                                           ByHeart{"yolo11n-random", 30, "0.002", 0.05},
                                           ByHeart{"yolov5n-random", 30, "0.002", 0.05},
                                           ByHeart{"yolox_nano", 20, "0.002", 0.5},
                                           ByHeart{"yolov10n_e2e-random", 30, "0.002", 0.05},
                                           ByHeart{"yolo-fastest-1.1", 20, "0.002", 0.3},
                                           ByHeart{"yolov3-tiny", 15, "0.001", 0.5}),
                         [](const auto& test) { return test_name(test.param.network); });

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
  expect_detectors("whole", 2);
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
