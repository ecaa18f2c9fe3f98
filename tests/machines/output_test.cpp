// What a full disk, a folder that cannot be written to, and signals at any time leave behind:
// whole files and nothing else.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/file.h"
#include "formats/npy.h"
#include "machine.h"
#include "vision/decode.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

class Output : public ProgramTest {
 protected:
  Output() {
    fs::create_directory(at("out"));
    EXPECT_TRUE(save_npy(Tensor(DType::kF32, Shape{1, 3, 320, 640}), at("x.npy")));
    for (const char* name : {"in/a.png", "in/b.png", "in/c.png"}) picture(name);
    for (const char* split : {"train", "val"})
      for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
        const std::string stem = std::string(split) + "/" + name;
        picture("set/images/" + stem + ".png");
        file("set/labels/" + stem + ".txt", "0 0.25 0.5 0.15625 0.625\n");
      }
    file("set/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n");
  }

  struct Case {
    const char* what;
    std::vector<std::string> words;
  };
  // Every way to write a file, each into `out`.
  std::vector<Case> cases() const {
    const std::string out = path("out"), set = path("set/data.yaml");
    return {{"an annotated picture", {"detect", path("in"), "--model", model_, "--save", out}},
            {"an annotated jpeg", {"detect", picture("j/a.jpg"), "--model", model_, "--save", out}},
            {"label files",
             {"detect", path("in"), "--model", model_, "--save-txt=" + out, "--imgsz", "320,640",
              "--max-det=3000", "--iou=1"}},
            {"a model", {"convert", model_, out + "/o.onnx"}},
            {"a model in integers",
             {"quantize", "--model", model_, "--data", path("in"), "-o", out + "/q.onnx",
              "--bootstrap", "0"}},
            {"arrays",
             {"run", "--model", model_, "--input", path("x.npy"), "--output", out, "--imgsz",
              "320,640"}},
            {"boxes as COCO's results",
             {"val", "--model", model_, "--data", set, "--save-json", out + "/boxes.json"}},
            {"parts of a validation", {"val", "--model", model_, "--data", set, "--parts", out}},
            {"a report", {"val", "--model", model_, "--data", set, "--report", out + "/report"}},
            {"a report of two",
             {"compare", model_, model_, "--data", set, "--bootstrap", "10", "--report",
              out + "/report"}},
            {"a trace", {"bench", "--model", model_, "--runs", "20", "--trace", out + "/t.json"}},
            {"a data set", {"data", "convert", set, "--to", "coco", "--out", out + "/below/set"}}};
  }
};

TEST_F(Output, AFullDiskIsAnErrorAndLeavesNothing) {
  for (const Case& c : cases()) {
    // More than any message, less than any of the files.
    const Outcome outcome = run_with(limited(RLIMIT_FSIZE, 700), c.words);
    EXPECT_EQ(outcome.code, 5) << c.what << outcome.err;
    EXPECT_NE(outcome.err.find(path("out") + "/"), std::string::npos) << c.what << outcome.err;
    EXPECT_EQ(names_in(at("out")), Names{}) << c.what;
  }
}

TEST_F(Output, WhatWasDoneBeforeTheDiskWasFullStays) {
  const SmallDisk disk(at("out"), 32768);
  if (!disk.there()) GTEST_SKIP() << "mounting a small file system needs root";
  constexpr int kPictures = 30;
  for (int i = 0; i < kPictures; ++i) picture("many/" + std::to_string(100 + i) + ".png");
  const Outcome outcome = detect({path("many"), "--save", path("out"), "--json"});
  EXPECT_EQ(outcome.code, 5);
  EXPECT_NE(outcome.err.find("No space left"), std::string::npos) << outcome.err;
  const Names saved = names_in(at("out"));
  EXPECT_GT(saved.size(), 0u);
  EXPECT_LT(saved.size(), size_t{kPictures});
  EXPECT_EQ(json_lines(outcome.out).size(), saved.size());
  for (const std::string& name : saved) EXPECT_TRUE(read_image(at("out/" + name))) << name;
}

TEST_F(Output, AFolderThatCannotBeWrittenToIsNamed) {
  make_read_only(at("out"));
  for (const Case& c : cases()) {
    const Outcome outcome = run_with(as_nobody(), c.words);
    EXPECT_EQ(outcome.code, 5) << c.what << outcome.err;
    EXPECT_NE(outcome.err.find(path("out") + "/"), std::string::npos) << c.what << outcome.err;
  }
  const Outcome below =
      run_with(as_nobody(), {"detect", path("in"), "--model", model_, "--save", path("out/below")});
  EXPECT_EQ(below.code, 5);
  EXPECT_NE(below.err.find("out/below"), std::string::npos) << below.err;
  EXPECT_EQ(names_in(at("out")), Names{});
}

TEST_F(Output, AFolderInTheWayIsNamedAndStays) {
  const Names names = {"a.txt", "boxes.json", "o.onnx", "output0.npy", "q.onnx", "t.json"};
  for (const std::string& name : names) fs::create_directory(at("out/" + name));
  const auto refused = [&](const std::vector<std::string>& words, const std::string& name) {
    const Outcome outcome = run_shrike(words);
    EXPECT_EQ(outcome.code, 5) << outcome.err;
    EXPECT_NE(outcome.err.find(name), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("directory"), std::string::npos) << outcome.err;
  };
  refused({"convert", model_, path("out/o.onnx")}, "out/o.onnx");
  refused({"run", "--model", model_, "--input", path("x.npy"), "--output", path("out"), "--imgsz",
           "320,640"},
          "out/output0.npy");
  const std::string set = path("set/data.yaml");
  refused(
      {"quantize", "--model", model_, "--data", set, "-o", path("out/q.onnx"), "--bootstrap", "10"},
      "out/q.onnx");
  refused({"val", "--model", model_, "--data", set, "--save-json", path("out/boxes.json")},
          "out/boxes.json");
  refused({"bench", "--model", model_, "--runs", "1", "--trace", path("out/t.json")}, "out/t.json");
  EXPECT_EQ(names_in(at("out")), names);
  // Labels and annotated pictures get another name.
  EXPECT_EQ(detect({path("in"), "--save-txt=" + path("out")}).code, 0);
  EXPECT_EQ(names_in(at("out")), (Names{"a.txt", "a_boxes.txt", "b.txt", "boxes.json", "c.txt",
                                        "o.onnx", "output0.npy", "q.onnx", "t.json"}));
  for (const std::string& name : names) EXPECT_EQ(names_in(at("out/" + name)), Names{});
}

TEST_F(Output, NamesAsLongAsTheyCanBeAreWritten) {
  const std::string name = std::string(251, 'n') + ".png";
  picture("in/" + name);
  EXPECT_EQ(detect({path("in/" + name), "--save", path("out")}).code, 0);
  EXPECT_EQ(names_in(at("out")), Names{name});
}

// A model that takes a while to write: 19 MB, all zero.
std::string large_model(const fs::path& folder) {
  const std::string pointwise = "[convolutional]\nsize=1\nstride=1\nactivation=linear\nfilters=";
  const std::string cfg = "[net]\nwidth=32\nheight=32\nchannels=3\n" + pointwise + "512\n" +
                          "[convolutional]\nsize=3\nstride=1\npad=1\nactivation=linear\n"
                          "filters=1024\n" +
                          pointwise + "18\n[yolo]\nmask=0,1,2\nanchors=4,8,8,4,9,9\n" +
                          "classes=1\nnum=3\n";
  constexpr size_t kFloats = (512 + 3 * 512) + (1024 + 9 * 512 * 1024) + (18 + 1024 * 18);
  std::string header(20, '\0');
  header[4] = 2;  // version 0.2
  EXPECT_TRUE(write_file(folder / "large.cfg", std::string_view(cfg)));
  EXPECT_TRUE(write_file(folder / "large.weights", std::string_view(header)));
  fs::resize_file(folder / "large.weights", 20 + 4 * kFloats);
  return (folder / "large.cfg").string();
}

class Signals : public Output, public ::testing::WithParamInterface<int> {};

TEST_P(Signals, AtAnyTimeConvertLeavesAWholeFileOrNone) {
  const std::string model = large_model(root_);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(run_shrike({"convert", model, path("whole.onnx")}).code, 0);
  const std::chrono::duration<double, std::milli> takes = std::chrono::steady_clock::now() - begin;
  const std::string expected = bytes_of(path("whole.onnx"));
  constexpr int kTries = 30;
  int ended = 0;
  for (int i = 0; i < kTries; ++i) {
    Start start;
    start.words = {"convert", model, path("out/o.onnx")};
    start.signal = GetParam();
    start.interrupt_after = std::chrono::milliseconds(static_cast<int>(takes.count()) * i / kTries);
    const Outcome outcome = run_shrike(start);
    EXPECT_TRUE(outcome.code == 0 || outcome.code == 128 + GetParam()) << outcome.code;
    ended += outcome.code != 0;
    for (const std::string& name : names_in(at("out"))) {
      EXPECT_EQ(name, "o.onnx");
      EXPECT_TRUE(bytes_of(at("out/o.onnx")) == expected);
    }
    fs::remove(at("out/o.onnx"));
  }
  EXPECT_GT(ended, 0) << "no signal came in time";
}

TEST_P(Signals, TheSecondEndsDetectAtOnceAndLeavesWholeFiles) {
  constexpr int kPictures = 2000;
  for (int i = 0; i < kPictures; ++i)
    fs::create_hard_link(at("in/a.png"), at("in/" + std::to_string(i) + ".png"));
  Start start;
  start.words = {"detect", path("in"), "--model", model_, "--save", path("out"), "--threads", "2"};
  start.interrupt_when = at("out/10.png");
  start.signal = GetParam();
  start.again = true;
  const Outcome outcome = run_shrike(start);
  if (outcome.code == 0) GTEST_SKIP() << "all pictures were done before the signal came";
  EXPECT_EQ(outcome.code, 128 + GetParam());
  for (const std::string& name : names_in(at("out")))
    EXPECT_TRUE(read_image(at("out/" + name))) << name;
}

TEST_P(Signals, EndBenchOfSeveralStreams) {
  Start start;
  start.words = {"bench",     "--model", model_,   "--threads", "1",
                 "--streams", "2",       "--runs", "1000000"};
  start.interrupt_after = std::chrono::milliseconds(500);
  start.signal = GetParam();
  EXPECT_EQ(run_shrike(start).code, 128 + GetParam());
}

INSTANTIATE_TEST_SUITE_P(Ends, Signals, ::testing::Values(SIGINT, SIGTERM, SIGHUP));

TEST_F(Output, AnIgnoredSignalStaysIgnored) {
  Start start;
  start.words = {"detect", path("in"), "--model", model_, "--save", path("out"), "--json"};
  start.prepare = [] { ::signal(SIGINT, SIG_IGN); };
  start.interrupt_when = at("out/a.png");
  const Outcome outcome = run_shrike(start);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(json_lines(outcome.out).size(), 3u);
}

}  // namespace
}  // namespace shrike::testing
