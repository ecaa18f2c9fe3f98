// `shrike train` from outside.
#include <gtest/gtest.h>

#include "../golden/shared_files.h"
#include "fixtures.h"
#include "formats/onnx_writer.h"
#include "ir/infer.h"
#include "pull/process.h"
#include "vision/encode.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

using TrainProgram = ProgramTest;

TEST_F(TrainProgram, HelpNeedsNoTrainer) {
  const Outcome outcome = run_shrike({"train", "--help"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("--dry-run"), std::string::npos) << outcome.out;
}

TEST_F(TrainProgram, BadOptionsAreRefused) {
  EXPECT_EQ(run_shrike({"train", "--no-such-option"}).code, 2);
  EXPECT_EQ(run_shrike({"train", "word"}).code, 2);
  const Outcome missing = run_shrike({"train", "--dry-run", "--model", path("missing.onnx")});
  EXPECT_EQ(missing.code, 4);
  EXPECT_NE(missing.err.find("missing.onnx"), std::string::npos) << missing.err;
}

TEST_F(TrainProgram, AModelWithoutAHeadSaysSo) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 3, 32, 32});
  graph.outputs = {graph.add_node(Unary{UnaryKind::kRelu, 0, 0}, {x}, "y")};
  ASSERT_TRUE(infer_shapes(graph));
  const Result<void> saved = save_onnx(graph, at("plain.onnx"));
  ASSERT_TRUE(saved) << saved.error().message;
  const Outcome outcome = run_shrike({"train", "--dry-run", "--model", path("plain.onnx")});
  EXPECT_EQ(outcome.code, 4);
  EXPECT_NE(outcome.err.find("head"), std::string::npos) << outcome.err;
}

TEST_F(TrainProgram, ADryRunTellsWhatWouldBeTrained) {
  const auto model = find_model("yolov8n-bccd-320");
  if (!model) GTEST_SKIP() << "yolov8n-bccd-320 is not there";
  const Outcome outcome = run_shrike({"train", "--dry-run", "--model", model->string()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("3 classes"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("57 folded"), std::string::npos) << outcome.out;
}

TEST_F(TrainProgram, ADryRunFromScratch) {
  const Outcome outcome =
      run_shrike({"train", "--dry-run", "--scratch", "yolo11n", "--imgsz", "96,64"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("80 classes"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("1x3x96x64"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("2.624 M"), std::string::npos) << outcome.out;
  const Outcome unknown = run_shrike({"train", "--dry-run", "--scratch", "yolov99"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.err.find("yolov8n"), std::string::npos) << unknown.err;
  EXPECT_EQ(run_shrike({"train", "--scratch", "yolov8n", "--model", model_}).code, 2);
}

// As the run would.
TEST_F(TrainProgram, ADryRunLooksAtWhatItIsGiven) {
  const auto refused = [&](const std::vector<std::string>& more, int code,
                           const std::string& part) {
    std::vector<std::string> words = {"train",   "--dry-run", "--scratch", "yolov8n",
                                      "--imgsz", "64"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run_shrike(words);
    EXPECT_EQ(outcome.code, code) << part << ": " << outcome.err;
    EXPECT_NE(outcome.err.find(part), std::string::npos) << part << " in " << outcome.err;
  };
  file("set/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: [cat]\n");
  for (const std::string split : {"train", "val"}) {
    fs::create_directories(at("set/images/" + split));
    ASSERT_TRUE(write_image(at("set/images/" + split + "/a.png"), Image(64, 64)));
    file("set/labels/" + split + "/a.txt", "0 0.5 0.5 0.5 0.5\n");
  }
  file("run/args.json", "{}");
  const std::string data = path("set/data.yaml");
  refused({"--out", path("run")}, 2, "a run lies there");
  refused({"--data", data, "--out", path("set/images/train")}, 2, "--out");
  refused({"--freeze", "none."}, 2, "'none.'");
  refused({"--freeze", "model."}, 2, "leaves nothing");
  refused({"--data", data, "--batch", "1", "--freeze", "none."}, 2, "'none.'");
  refused({"--data", data}, 3, "--batch 16 is more than the 1 pictures");
  refused({"--data", path("nowhere")}, 3, "nowhere");
  const Outcome good = run_shrike({"train", "--dry-run", "--scratch", "yolov8n", "--imgsz", "64",
                                   "--data", data, "--out", path("out"), "--batch", "1",
                                   "--freeze", "10"});
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_NE(good.out.find("1 classes"), std::string::npos) << good.out;
  EXPECT_FALSE(fs::exists(at("out")));
}

// Only what a file's weights are used for is taken: with batch norms where it has them folded.
TEST_F(TrainProgram, ADryRunOfAFilesArchitecture) {
  const auto model = find_model("yolov8n-bccd-320");
  if (!model) GTEST_SKIP() << "yolov8n-bccd-320 is not there";
  const Outcome outcome =
      run_shrike({"train", "--dry-run", "--scratch", model->string(), "--imgsz", "96,64"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("57, and 0 folded"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("1x3x96x64"), std::string::npos) << outcome.out;
  EXPECT_EQ(run_shrike({"train", "--dry-run", "--scratch", path("missing.onnx")}).code, 4);
}

TEST_F(TrainProgram, AFullDiskBehindStandardOutputIsNoticed) {
  Start start;
  start.words = {"train", "--dry-run", "--scratch", "yolov8n", "--imgsz", "32"};
  start.output = "/dev/full";
  EXPECT_EQ(run_shrike(start).code, 5);
}

TEST_F(TrainProgram, WithoutTheTrainerItSaysHowToGetIt) {
  const fs::path lonely = at("bin") / "shrike";
  fs::create_directories(lonely.parent_path());
  fs::copy_file(SHRIKE_PROGRAM, lonely);
  int status = 0;
  const Result<void> ran =
      run_program({{lonely.string(), "train", "--dry-run"}, {}, {}}, {}, &status);
  EXPECT_EQ(status, 5);
  ASSERT_FALSE(ran);
  EXPECT_NE(ran.error().message.find("SHRIKE_TRAIN"), std::string::npos) << ran.error().message;
}

// libgomp's threads look for each other often, where other programs want the cores.
TEST_F(TrainProgram, ItsThreadsDoNotSpinForLongUnlessTheEnvironmentSaysSo) {
  const fs::path shrike = at("bin") / "shrike";
  file("bin/shrike-train",
       "#!/bin/sh\necho \"spins=$GOMP_SPINCOUNT policy=$OMP_WAIT_POLICY words=$*\"\n");
  fs::permissions(at("bin/shrike-train"), fs::perms::owner_all);
  fs::copy_file(SHRIKE_PROGRAM, shrike);
  const auto said = [&](const std::vector<std::string>& environment) {
    EXPECT_TRUE(run_program(
        {{shrike.string(), "train", "--dry-run"}, environment, at("said")}));
    return bytes_of(at("said"));
  };
  const Variable no_spins("GOMP_SPINCOUNT", {}), no_policy("OMP_WAIT_POLICY", {});
  const std::string own = said({});
  const size_t digits = own.find_first_not_of("0123456789", 6) - 6;
  EXPECT_TRUE(own.starts_with("spins=") && digits >= 1 && digits <= 5) << own;
  EXPECT_TRUE(own.ends_with(" policy= words=--dry-run\n")) << own;
  EXPECT_TRUE(said({"GOMP_SPINCOUNT=7"}).starts_with("spins=7 policy= "));
  EXPECT_TRUE(said({"OMP_WAIT_POLICY=active"}).starts_with("spins= policy=active "));
}

}  // namespace
}  // namespace shrike::testing
