// What `shrike train` says of pictures, names and options before the first epoch, and what it
// leaves out of what it saves.
#include <chrono>
#include <future>
#include <limits>
#include <thread>

#include "formats/onnx_reader.h"
#include "formats/onnx_writer.h"
#include "squares.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

class BadData : public SquaresTest {
 protected:
  void damage(const std::string& picture) const {
    file(picture, bytes_of(at(picture)).substr(0, 300));
  }

  void expect_refused(const std::vector<std::string>& words, int code,
                      const std::vector<std::string>& parts) const {
    const Outcome outcome = run_shrike(words);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    for (const std::string& part : parts)
      EXPECT_NE(outcome.err.find(part), std::string::npos) << part << " in " << outcome.err;
    EXPECT_FALSE(fs::exists(at("run")));
  }
};

TEST_F(BadData, PicturesOfValAreNamedBeforeTheFirstEpoch) {
  damage("set/images/val/103.png");
  Start start;
  start.words = words("run", {"--epochs", "1", "--freeze", "nothing."});  // which ends it early
  const Outcome early = run_shrike(start);
  EXPECT_EQ(early.code, 2) << early.err;
  EXPECT_NE(early.err.find("val/103.png"), std::string::npos) << early.err;
  start.words = words("run", {"--epochs", "1"});
  const Outcome whole = run_shrike(start);
  EXPECT_EQ(whole.code, 0) << whole.err;
  EXPECT_NE(whole.err.find("val/103.png"), std::string::npos) << whole.err;
  EXPECT_NE(bytes_of(at("run/report/report.json")).find("103.png"), std::string::npos)
      << "the report tells what was skipped";
}

// One that can be read no more in the middle of a run is named, once, and so is what it means.
TEST_F(BadData, PicturesOfValThatAreLostAreNamed) {
  damage("set/images/val/104.png");
  auto run = std::async(std::launch::async, [&] {
    return run_shrike(words("run", {"--epochs", "60"}));
  });
  const auto late = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (!fs::exists(at("run/results.csv")) && std::chrono::steady_clock::now() < late)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  damage("set/images/val/103.png");
  run.wait();
  const Outcome outcome = run_shrike({"train", "--resume", path("run")});
  EXPECT_NE(outcome.err.find("some can no longer be read"), std::string::npos) << outcome.err;
  const std::string err = run.get().err;
  for (const char* part : {"103.png", "104.png", "is judged by 10 of the 12 pictures of val"}) {
    EXPECT_NE(err.find(part), std::string::npos) << part << " in " << err;
    EXPECT_EQ(err.find(part), err.rfind(part)) << err;
  }
}

TEST_F(BadData, AValWithoutAnyPictureToReadEndsTheRunAtOnce) {
  for (int i = 0; i < 12; ++i) damage("set/images/val/" + std::to_string(100 + i) + ".png");
  expect_refused(words("run"), 3, {"val", "none of its 12 pictures can be read"});
}

TEST_F(BadData, ATrainWithoutAnyPictureToReadEndsTheRunBeforeItsFolderIsMade) {
  for (int i = 0; i < 24; ++i) damage("set/images/train/" + std::to_string(100 + i) + ".png");
  expect_refused(words("run"), 3, {"data.yaml, train: none of its 24 pictures can be read"});
}

// Of somebody else, in the folder that a run is to have.
TEST_F(BadData, FilesThatARunWouldWriteOverAreLeft) {
  for (const char* name : {"index.html", "best.onnx", "train_batch2.png", "scores.svg", "report/x"}) {
    const std::string taken = std::string("taken/") + name;
    file(taken, "mine");
    const Outcome outcome = run_shrike(words("taken", {"--epochs", "1"}));
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    const std::string top = std::string(name).substr(0, std::string(name).find('/'));
    for (const std::string& part : {"--out " + path("taken"), "'" + top + "' is there"})
      EXPECT_NE(outcome.err.find(part), std::string::npos) << part << " in " << outcome.err;
    EXPECT_EQ(bytes_of(at(taken)), "mine");
    EXPECT_FALSE(fs::exists(at("taken/args.json")));
    fs::remove_all(at("taken"));
  }
  file("taken/notes.txt", "mine");
  EXPECT_EQ(run_shrike(words("taken", {"--epochs", "1"})).code, 0);
}

TEST_F(BadData, OptionsThatDoNotFitAreNamed) {
  expect_refused(words("run", {"--imgsz", "8224"}), 2, {"--imgsz 8224", "1 to 8192"});
  std::vector<std::string> family = words("run", {"--imgsz", "33"});
  family[2] = "yolov8n";
  expect_refused(family, 2, {"--imgsz 33", "multiples of 32"});
  expect_refused(words("run", {"--holdout", "0.9"}), 3, {"--batch 8", "--holdout 0.9"});
}

TEST_F(BadData, NamesThatAreThereTwiceAreTold) {
  file("set/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: [red, red]\n");
  const Outcome outcome = run_shrike(words("run", {"--epochs", "1"}));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("classes 0 and 1 are both called 'red': they are learned and judged"),
            std::string::npos)
      << outcome.err;
}

TEST_F(BadData, OptionsThatLeaveNothingToDo) {
  expect_refused(words("run", {"--freeze", "layer_"}), 2, {"--freeze", "nothing"});
  for (const char* empty : {",", "layer_0,", "layer_0,,layer_1"})
    expect_refused(words("run", {"--freeze", empty}), 2,
                   {"--freeze '" + std::string(empty) + "'", "none of them empty"});
  expect_refused(words("run", {"--freeze", "layer_0,layre_1"}), 2,
                 {"--freeze 'layer_0,layre_1'", "start with 'layre_1'"});
  expect_refused(words("run", {"--imgsz", "96"}), 2, {"squares.cfg", "--imgsz", "[net]", "64x64"});
}

// Where its pictures would be learned from, or its files lie among those of the set.
TEST_F(BadData, AFolderAmongThePicturesIsRefused) {
  const auto refused = [&](const std::string& out, const std::string& why) {
    const bool was_there = fs::exists(at(out));
    std::vector<std::string> before;
    if (was_there) before = names_in(at(out));
    const Outcome outcome = run_shrike(words(out, {"--epochs", "1"}));
    EXPECT_EQ(outcome.code, 2) << out << ": " << outcome.err;
    EXPECT_NE(outcome.err.find("--out "), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find(why), std::string::npos) << outcome.err;
    EXPECT_EQ(fs::exists(at(out)), was_there) << out;
    if (was_there) {
      EXPECT_EQ(names_in(at(out)), before) << out;
    }
  };
  const std::string taken_in = "whose pictures the data set takes in", among = "files of the data set";
  refused("set/images/train/run", taken_in);
  refused("set/images/val/a/b", taken_in);
  refused("set/images/train", taken_in);
  refused("set/images/../images/val/", taken_in);
  fs::create_directory_symlink(at("set/images/train"), at("link"));
  refused("link/run", taken_in);
  fs::create_directories(at("elsewhere/below"));
  fs::copy_file(at("set/images/train/100.png"), at("elsewhere/below/1.png"));
  fs::create_directory_symlink(at("elsewhere"), at("set/images/train/more"));
  refused("elsewhere/run", taken_in);
  refused("elsewhere", taken_in);
  refused("elsewhere/below/run", taken_in);
  fs::remove(at("set/images/train/more"));
  refused("set", among);
  for (const char* split : {"train", "val"}) refused(std::string("set/labels/") + split, among);
  file("set/data.yaml", "path: .\ntrain: images/tra*\nval: images/val\nnames: [red, blue]\n");
  refused("set/images/run", taken_in);
  fs::create_directories(at("set/images/test"));
  file("set/data.yaml",
       "path: .\ntrain: images/train\nval: images/val\ntest: images/test\nnames: [red, blue]\n");
  refused("set/images/test/run", taken_in);  // which this run does not look at
  file("set/data.yaml", "path: .\ntrain: list.txt\nval: images/val\nnames: [red, blue]\n");
  std::string list;
  for (int i = 0; i < 24; ++i) list += "./images/train/" + std::to_string(100 + i) + ".png\n";
  file("set/list.txt", list);
  refused("set/images/train", among);
  fs::create_directories(at("above/report"));
  fs::rename(at("set"), at("above/report/set"));
  fs::create_directory_symlink(at("above/report/set"), at("set"));
  refused("above", "'report' is there, and a run would write over it");

  const Outcome below = run_shrike(words("set/run", {"--epochs", "1"}));
  EXPECT_EQ(below.code, 0) << below.err;
  const Outcome beside = run_shrike(words("set/images/train/run", {"--epochs", "1"}));
  EXPECT_EQ(beside.code, 0) << "the list alone says what is learned from: " << beside.err;
}

// Before the data set is looked at.
TEST_F(BadData, AFolderThatCannotBeMadeIsNamedByItsOption) {
  file("taken", "a file");
  fs::create_symlink(at("nowhere/at/all"), at("dangles"));
  std::vector<std::string> blind = words("taken");
  blind[4] = path("nothing");
  expect_refused(blind, 2, {"--out " + path("taken") + ": ", "is no folder"});
  expect_refused(words("taken/run"), 2, {"--out " + path("taken/run") + ": ", "is no folder"});
  expect_refused(words("dangles/run"), 5, {"--out " + path("dangles/run") + ": cannot make folder"});
  std::vector<std::string> proc = words("run");
  proc[6] = "/proc/run";  // which holds no files of anybody's
  expect_refused(proc, 5, {"--out /proc/run: "});
}

// Without a terminal: after the first batch, before the first epoch is at its end.
TEST_F(BadData, ALineComesBeforeTheFirstEpochEnds) {
  const Outcome outcome = run_shrike(words("run", {"--epochs", "1"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out.find("epoch 1/1  1/3"), 0u) << outcome.out;
  EXPECT_EQ(outcome.out.find("epoch 1/1  2/3"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find('\r'), std::string::npos) << outcome.out;
}

TEST_F(BadData, WhatAnExportSaidOfItselfIsNotSaidOfWhatItBecame) {
  ASSERT_EQ(run_shrike(words("first", {"--epochs", "1"})).code, 0);
  Result<Graph> graph = read_onnx(at("first/best.onnx"));
  ASSERT_TRUE(graph) << graph.error().message;
  for (const char* key : {"date", "args", "description", "version", "license"})
    graph->metadata[key] = "old";
  ASSERT_TRUE(save_onnx(*graph, at("export.onnx")));
  std::vector<std::string> on = words("second", {"--epochs", "1"});
  on[1] = "--model";
  on[2] = path("export.onnx");
  const Outcome outcome = run_shrike(on);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const char* name : {"second/best.onnx", "second/last.onnx"}) {
    const Result<Graph> saved = read_onnx(at(name));
    ASSERT_TRUE(saved) << saved.error().message;
    for (const char* key : {"date", "args", "description", "version"})
      EXPECT_FALSE(saved->metadata.contains(key)) << key;
    EXPECT_EQ(saved->metadata.at("license"), "old");
    EXPECT_EQ(saved->metadata.at("names"), "{0: 'red', 1: 'blue'}");
  }
}

// One weight of the head, of a training elsewhere that went wrong: each command names it.
TEST_F(BadData, AModelWhoseWeightsAreNoNumbersIsRefused) {
  ASSERT_EQ(run_shrike(words("first", {"--epochs", "1"})).code, 0);
  Result<Graph> graph = read_onnx(at("first/best.onnx"));
  ASSERT_TRUE(graph) << graph.error().message;
  std::string name;  // of the last convolution's bias, which makes a raw map
  for (const Node& node : graph->nodes)
    if (std::holds_alternative<Conv>(node.op)) name = graph->value(node.inputs.at(2)).name;
  ASSERT_FALSE(name.empty());
  graph->value(*graph->find_value(name)).constant->mutable_data<float>()[3] =
      std::numeric_limits<float>::quiet_NaN();
  ASSERT_TRUE(save_onnx(*graph, at("nan.onnx")));
  std::vector<std::string> on = words("second", {"--epochs", "1"}), learns = words("third");
  on[1] = "--model";
  on[2] = path("nan.onnx");
  learns.insert(learns.end(), {"--teacher", path("nan.onnx")});
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           on, learns, {"train", "--dry-run", "--model", path("nan.onnx")},
           {"val", "--model", path("nan.onnx"), "--data", path("set")},
           {"detect", "--model", path("nan.onnx"), path("set/images/val/100.png")}}) {
    const Outcome outcome = run_shrike(words);
    EXPECT_EQ(outcome.code, 4) << words[0] << ": " << outcome.err;
    for (const std::string& part : {std::string("nan.onnx"), "'" + name + "'"})
      EXPECT_NE(outcome.err.find(part), std::string::npos) << words[0] << ": " << outcome.err;
  }
  EXPECT_FALSE(fs::exists(at("second")) || fs::exists(at("third")));
}

// Weights that are finite, and too large: what becomes of them is told beside the scores.
TEST_F(BadData, AModelThatOverflowsIsToldByVal) {
  ASSERT_EQ(run_shrike(words("first", {"--epochs", "1"})).code, 0);
  Result<Graph> graph = read_onnx(at("first/best.onnx"));
  ASSERT_TRUE(graph) << graph.error().message;
  for (const Node& node : graph->nodes)
    if (std::holds_alternative<Conv>(node.op))
      for (float& value : graph->value(node.inputs.at(1)).constant->mutable_data<float>())
        value = 1e30f;
  ASSERT_TRUE(save_onnx(*graph, at("large.onnx")));
  const Outcome outcome = run_shrike({"val", "--model", path("large.onnx"), "--data", path("set")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("large.onnx: what it says of 12 of 12 pictures is in part infinite or no number"),
            std::string::npos)
      << outcome.err;
  const Outcome good = run_shrike({"val", "--model", path("first/best.onnx"), "--data", path("set")});
  EXPECT_EQ(good.err.find("no number"), std::string::npos) << good.err;
}

}  // namespace
}  // namespace shrike::testing
