// `shrike train` learns, and leaves what it says it leaves.
#include "base/cpu.h"
#include "formats/onnx_reader.h"
#include "squares.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

using Learning = SquaresTest;

TEST_F(Learning, LossFallsAndPrecisionRises) {
  const Outcome outcome =
      run_shrike(words("run", {"--epochs", "60", "--lr0", "0.01", "--close-mosaic", "20"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  ASSERT_EQ(rows("run").size(), 61u);
  for (const char* loss : {"train_box_loss", "train_class_loss", "train_objectness_loss"})
    EXPECT_LT(cell("run", 60, loss), 0.8 * cell("run", 1, loss)) << loss;
  EXPECT_LT(cell("run", 1, "map50"), 0.3);
  EXPECT_GT(cell("run", 60, "map50"), 0.7);
  EXPECT_EQ(cell("run", 60, "epoch"), 60);

  for (const char* file : {"args.json", "best.onnx", "last.onnx", "train_batch0.png"})
    EXPECT_TRUE(fs::exists(at("run") / file)) << file;
  const Result<Graph> best = read_onnx(at("run/best.onnx"));
  ASSERT_TRUE(best) << best.error().message;
  EXPECT_EQ(best->metadata.at("names"), "{0: 'red', 1: 'blue'}");
  EXPECT_EQ(best->metadata.at("stride"), "8");
  EXPECT_EQ(best->metadata.at("task"), "detect");
  EXPECT_EQ(best->metadata.at("imgsz"), "[64, 64]");
  for (const Node& node : best->nodes) EXPECT_FALSE(std::holds_alternative<BatchNorm>(node.op));

  // The file is as good as the run says of the network that it came from.
  const Outcome val = run_shrike({"val", "--model", path("run/last.onnx"), "--data", path("set"),
                                  "--bootstrap", "0", "--json"});
  ASSERT_EQ(val.code, 0) << val.err;
  EXPECT_NEAR(json_lines(val.out).back()["map50_95"].get<double>(), cell("run", 60, "map50_95"),
              2e-3);
}

TEST_F(Learning, SizesThatChangeAreTheSameAfterAnEnd) {
  ASSERT_EQ(run_shrike(words("plain", {"--epochs", "2"})).code, 0);
  const std::vector<std::string> changing = {"--epochs", "2", "--multi-scale", "0.5"};
  const Outcome whole = run_shrike(words("whole", changing));
  ASSERT_EQ(whole.code, 0) << whole.err;
  EXPECT_NE(cell("whole", 1, "train_box_loss"), cell("plain", 1, "train_box_loss"));
  Start start;
  start.words = words("ended", changing);
  start.signal = SIGTERM;
  start.interrupt_when = at("ended") / "results.csv";
  ASSERT_EQ(run_shrike(start).code, 128 + SIGTERM);
  ASSERT_EQ(run_shrike({"train", "--resume", path("ended")}).code, 0);
  EXPECT_EQ(bytes_of(at("ended/last.onnx")), bytes_of(at("whole/last.onnx")));
}

TEST_F(Learning, SaysAsJsonWhatItCameTo) {
  const Outcome outcome = run_shrike(words("run", {"--epochs", "3", "--json", "--tensorboard"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::vector<Json> lines = json_lines(outcome.out);
  ASSERT_EQ(lines.size(), 1u) << outcome.out;
  const Json& json = lines[0];
  EXPECT_EQ(json["epochs"], 3);
  EXPECT_EQ(json["stopped_early"], false);
  EXPECT_EQ(json["model"], path("run/best.onnx"));
  EXPECT_EQ(json["last"], path("run/last.onnx"));
  const auto best = json["best_epoch"].get<size_t>();
  for (const char* name : {"map50_95", "map50", "precision", "recall"})
    EXPECT_EQ(json[name].get<double>(), cell("run", best, name)) << name;
  EXPECT_NE(outcome.err.find("epoch 3/3"), std::string::npos) << outcome.err;

  // Gone on with, its end is said again; nothing is added to what TensorBoard reads.
  const auto events = [&] {
    std::vector<std::string> files;
    for (const std::string& name : names_in(at("run")))
      if (name.starts_with("events.out.tfevents.")) files.push_back(bytes_of(at("run") / name));
    return files;
  };
  const std::vector<std::string> before = events();
  ASSERT_EQ(before.size(), 1u);
  const std::vector<std::string> columns = rows("run")[0];
  for (const std::string& column : columns)
    EXPECT_TRUE(column == "epoch" || before[0].find(column) != std::string::npos) << column;
  const Outcome again = run_shrike({"train", "--resume", path("run"), "--json"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(json_lines(again.out).at(0)["best_epoch"], json["best_epoch"]);
  EXPECT_EQ(events(), before);
}

TEST_F(Learning, ConvolutionsMayMultiplyInBfloat16) {
  const std::vector<std::string> bf16{"--epochs", "2", "--precision", "bf16"};
  const Outcome outcome = run_shrike(words("one", bf16));
  if (!cpu_features().avx512_bf16) {
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find("--precision bf16"), std::string::npos) << outcome.err;
    return;
  }
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  ASSERT_EQ(run_shrike(words("two", bf16)).code, 0);
  ASSERT_EQ(run_shrike(words("floats", {"--epochs", "2"})).code, 0);
  EXPECT_EQ(bytes_of(at("one/last.onnx")), bytes_of(at("two/last.onnx")));
  EXPECT_NE(bytes_of(at("one/last.onnx")), bytes_of(at("floats/last.onnx")));
  EXPECT_NEAR(cell("one", 2, "train_box_loss"), cell("floats", 2, "train_box_loss"),
              0.02 * cell("floats", 2, "train_box_loss"));
}

TEST_F(Learning, DevicesThatAreNotThereAreNamed) {
  const auto refused = [&](const std::vector<std::string>& options, const std::string& what) {
    const Outcome outcome = run_shrike(words("run", options));
    EXPECT_NE(outcome.err.find(what), std::string::npos) << outcome.err;
    EXPECT_FALSE(fs::exists(at("run")));
    return outcome.code;
  };
  EXPECT_EQ(refused({"--device", "tpu"}, "--device"), 2);
  EXPECT_EQ(refused({"--precision", "fp16"}, "--precision fp16"), 2);
  EXPECT_NE(refused({"--device", "cuda:99"}, "--device cuda:99"), 0) << "no CUDA, or no such GPU";
}

TEST_F(Learning, TheSameSeedGivesTheSameWeights) {
  ASSERT_EQ(run_shrike(words("one", {"--epochs", "2", "--seed", "3"})).code, 0);
  ASSERT_EQ(run_shrike(words("two", {"--epochs", "2", "--seed", "3"})).code, 0);
  ASSERT_EQ(run_shrike(words("three", {"--epochs", "2", "--seed", "4"})).code, 0);
  EXPECT_EQ(bytes_of(at("one/last.onnx")), bytes_of(at("two/last.onnx")));
  EXPECT_NE(bytes_of(at("two/last.onnx")), bytes_of(at("three/last.onnx")));
}

TEST_F(Learning, AModelForOtherClassesGetsANewHead) {
  ASSERT_EQ(run_shrike(words("first", {"--epochs", "1"})).code, 0);
  file("set/data.yaml",
       "path: .\ntrain: images/train\nval: images/val\nnames: [red, blue, green]\n");
  std::vector<std::string> on = words("second", {"--epochs", "1"});
  on[1] = "--model";
  on[2] = path("first/best.onnx");
  const Outcome outcome = run_shrike(on);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("head is new"), std::string::npos) << outcome.err;
  const Result<Graph> best = read_onnx(at("second/best.onnx"));
  ASSERT_TRUE(best);
  EXPECT_EQ(best->metadata.at("names"), "{0: 'red', 1: 'blue', 2: 'green'}");
}

TEST_F(Learning, StopsEarlyWithoutABetterEpoch) {
  const Outcome outcome =
      run_shrike(words("run", {"--epochs", "50", "--lr0", "0", "--patience", "2"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(rows("run").size(), 4u) << "the first epoch, and two that are no better";
}

TEST_F(Learning, BadInputIsNamed) {
  EXPECT_EQ(run_shrike({"train", "--data", path("set")}).code, 2) << "no folder";
  EXPECT_EQ(run_shrike({"train", "--out", path("run")}).code, 2) << "no data";
  const auto refused = [&](const std::string& what, int code) {
    const Outcome outcome = run_shrike(words("run", {"--epochs", "1"}));
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(what), std::string::npos) << outcome.err;
    EXPECT_FALSE(fs::exists(at("run"))) << what;
  };
  const std::string label = bytes_of(at("set/labels/train/103.txt"));
  file("set/labels/train/103.txt", "7 0.5 0.5 0.1 0.1\n");
  refused("103.txt:1", 3);
  file("set/labels/train/103.txt", label);
  fs::rename(at("set/labels"), at("kept"));
  refused("no picture has a label", 3);
  fs::rename(at("kept"), at("set/labels"));
  file("set/data.yaml", "path: .\ntrain: images/train\nval: images/none\nnames: [red, blue]\n");
  refused("images/none", 3);
  for (const char* split : {"train", "val"}) {
    const std::string folder = std::string("set/images/") + split;
    file("set/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: [red, blue]\n");
    fs::rename(at(folder), at("kept"));
    fs::create_directory(at(folder));
    refused(std::string("images/") + split, 3);
    fs::remove(at(folder));
    fs::rename(at("kept"), at(folder));
  }
  auto large = words("run");
  large[8] = "25";
  const Outcome outcome = run_shrike(large);
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  EXPECT_NE(outcome.err.find("--batch 25"), std::string::npos) << outcome.err;
  EXPECT_FALSE(fs::exists(at("run")));

  // A picture that cannot be read is named, and the others are learned from.
  file("set/images/train/105.png", bytes_of(at("set/images/train/105.png")).substr(0, 300));
  const Outcome damaged = run_shrike(words("run", {"--epochs", "1"}));
  EXPECT_EQ(damaged.code, 0) << damaged.err;
  EXPECT_NE(damaged.err.find("105.png"), std::string::npos) << damaged.err;
  const Outcome again = run_shrike(words("run", {"--epochs", "1"}));
  EXPECT_EQ(again.code, 2) << "a run lies there";
}

}  // namespace
}  // namespace shrike::testing
