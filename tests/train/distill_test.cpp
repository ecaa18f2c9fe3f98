// `shrike distill`: a run with a teacher, from its options to its folder.
#include <algorithm>

#include "squares.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

class Distill : public SquaresTest {
 protected:
  void make_teacher() {
    const Outcome outcome =
        run_shrike(words("teacher", {"--epochs", "8", "--lr0", "0.01", "--close-mosaic", "2"}));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }

  // Learns from the teacher and half from labels, maps included.
  std::vector<std::string> run(const std::string& out) const {
    std::vector<std::string> run =
        words(out, {"--epochs", "3", "--save-seconds", "0", "--teacher", path("teacher/last.onnx"),
                    "--labels", "0.5", "--distill-feature", "2", "--distill-masked", "1",
                    "--temperature", "2"});
    run[0] = "distill";
    return run;
  }

  // What an epoch with the teacher says on standard error.
  std::string told(const std::string& out, const std::vector<std::string>& more) const {
    std::vector<std::string> run =
        words(out, {"--epochs", "1", "--teacher", path("teacher/last.onnx")});
    run.insert(run.end(), more.begin(), more.end());
    const Outcome outcome = run_shrike(run);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.err;
  }
};

TEST_F(Distill, GoesOnWithTheSameBits) {
  make_teacher();
  const Outcome whole = run_shrike(run("whole"));
  ASSERT_EQ(whole.code, 0) << whole.err;
  const auto table = rows("whole");
  for (const char* column : {"train_distill_class_loss", "train_distill_box_loss",
                             "train_distill_feature_loss", "train_distill_masked_loss"})
    EXPECT_NE(std::find(table[0].begin(), table[0].end(), column), table[0].end()) << column;

  Start start;
  start.words = run("parts");
  start.signal = SIGTERM;
  start.interrupt_when = at("parts") / "results.csv";
  ASSERT_EQ(run_shrike(start).code, 128 + SIGTERM);
  const Outcome on = run_shrike({"train", "--resume", path("parts")});
  ASSERT_EQ(on.code, 0) << on.err;
  const std::string newest = "checkpoints/checkpoint-9.safetensors";
  ASSERT_TRUE(fs::exists(at("whole") / newest));
  EXPECT_EQ(bytes_of(at("whole") / newest), bytes_of(at("parts") / newest));
  EXPECT_EQ(bytes_of(at("whole/last.onnx")), bytes_of(at("parts/last.onnx")));
}

// Pictures as they are come again in each epoch.
TEST_F(Distill, WhatTheTeacherSaidIsKeptUntilTheEnd) {
  make_teacher();
  const auto plain = [&](const std::string& out, const std::vector<std::string>& more) {
    std::vector<std::string> words = run(out);
    for (const char* off : {"--hsv-h", "--hsv-s", "--hsv-v", "--translate", "--scale", "--mosaic"})
      words.insert(words.end(), {off, "0"});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  Start start;
  start.words = plain("cached", {});
  start.signal = SIGTERM;
  start.interrupt_when = at("cached") / "results.csv";
  ASSERT_EQ(run_shrike(start).code, 128 + SIGTERM);
  EXPECT_FALSE(fs::is_empty(at("cached/teacher-cache")));
  const Outcome on = run_shrike({"train", "--resume", path("cached")});
  ASSERT_EQ(on.code, 0) << on.err;
  EXPECT_FALSE(fs::exists(at("cached/teacher-cache"))) << "of no use any more";

  // Where nothing can be kept, that is said once, and the run is the same.
  start.words = plain("blocked", {});
  start.interrupt_when = at("blocked") / "results.csv";
  ASSERT_EQ(run_shrike(start).code, 128 + SIGTERM);
  fs::remove_all(at("blocked/teacher-cache"));
  file("blocked/teacher-cache", "in the way");
  const Outcome blocked = run_shrike({"train", "--resume", path("blocked")});
  ASSERT_EQ(blocked.code, 0) << blocked.err;
  const size_t said = blocked.err.find("blocked/teacher-cache");
  ASSERT_NE(said, std::string::npos) << blocked.err;
  EXPECT_EQ(blocked.err.find("blocked/teacher-cache", said + 1), std::string::npos) << blocked.err;
  EXPECT_EQ(bytes_of(at("blocked/last.onnx")), bytes_of(at("cached/last.onnx")));

  start.words = plain("asked", {"--teacher-cache-mb", "0"});
  start.interrupt_when = at("asked") / "results.csv";
  ASSERT_EQ(run_shrike(start).code, 128 + SIGTERM);
  EXPECT_FALSE(fs::exists(at("asked/teacher-cache")));
  ASSERT_EQ(run_shrike({"train", "--resume", path("asked")}).code, 0);
  EXPECT_EQ(bytes_of(at("asked/last.onnx")), bytes_of(at("cached/last.onnx")));

  start.words = run("changed");  // with the augmentation that there is by default
  start.interrupt_when = at("changed") / "results.csv";
  ASSERT_EQ(run_shrike(start).code, 128 + SIGTERM);
  EXPECT_FALSE(fs::exists(at("changed/teacher-cache")));
}

// Half of the pictures lose their labels and learn from the teacher alone.
TEST_F(Distill, PicturesWithoutLabelsAreMixedIn) {
  make_teacher();
  for (int i = 0; i < 12; ++i) {
    const std::string name = std::to_string(100 + i);
    fs::create_directories(at("more"));
    fs::rename(at("set/images/train/" + name + ".png"), at("more/" + name + ".png"));
    fs::remove(at("set/labels/train/" + name + ".txt"));
  }
  file("more/damaged.png", "no picture");
  const auto with_more = [&](const std::string& out) {
    std::vector<std::string> words = run(out);
    words.insert(words.end(), {"--unlabeled", path("more"), "--holdout", "0.25"});
    return words;
  };
  const Outcome whole = run_shrike(with_more("whole"));
  ASSERT_EQ(whole.code, 0) << whole.err;
  EXPECT_NE(whole.err.find("damaged.png"), std::string::npos) << whole.err;

  Start start;
  start.words = with_more("parts");
  start.signal = SIGTERM;
  start.interrupt_when = at("parts") / "results.csv";
  ASSERT_EQ(run_shrike(start).code, 128 + SIGTERM);
  const Outcome on = run_shrike({"train", "--resume", path("parts")});
  ASSERT_EQ(on.code, 0) << on.err;
  EXPECT_EQ(bytes_of(at("whole/last.onnx")), bytes_of(at("parts/last.onnx")));
  // 9 of 12 with labels: in a batch of 8 they are 3, so that an epoch has 3 batches.
  EXPECT_TRUE(fs::exists(at("whole/checkpoints/checkpoint-9.safetensors")));

  const auto refused = [&](const std::vector<std::string>& more, int code) {
    std::vector<std::string> words = run("refused");
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run_shrike(words);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(more[0]), std::string::npos) << outcome.err;
    EXPECT_FALSE(fs::exists(at("refused")));
  };
  refused({"--unlabeled", path("missing")}, 3);
  refused({"--multi-scale", "0.5", "--unlabeled", path("more")}, 2);
}

TEST_F(Distill, ClassesThatTheTeacherLacksAreTold) {
  make_teacher();
  EXPECT_EQ(told("both", {}).find("it has no class"), std::string::npos);
  file("set/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: [Red, green]\n");
  const std::string line =
      "shrike: --teacher " + path("teacher/last.onnx") + ": it has no class for 1 of the 2 of the "
      "data set (green): ";
  const std::string one = told("one", {});
  EXPECT_NE(one.find(line + "their scores are learned from labels alone\n"), std::string::npos)
      << one;
  const std::string none = told("none", {"--labels", "0"});
  EXPECT_NE(none.find(line + "nothing teaches their scores, as --labels is 0\n"),
            std::string::npos)
      << none;
}

// Of a student that leaves its size open.
TEST_F(Distill, ASizeThatIsFixedIsTold) {
  make_teacher();
  with_open_size("teacher/last.onnx");
  const auto learned_by = [&](const std::string& out, const std::vector<std::string>& more) {
    std::vector<std::string> run =
        words(out, {"--epochs", "1", "--teacher", path("teacher/last.onnx")});
    run[1] = "--model", run[2] = path("open.onnx");
    run.insert(run.end(), more.begin(), more.end());
    const Outcome outcome = run_shrike(run);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.err.find("written is for 64x64 alone (--imgsz") != std::string::npos;
  };
  EXPECT_TRUE(learned_by("open", {}));
  EXPECT_FALSE(learned_by("asked", {"--imgsz", "64"}));
}

// By a link, as a copy, and held out of train.
TEST_F(Distill, PicturesThatJudgeAndHaveNoLabelsAreTold) {
  make_teacher();
  fs::create_directories(at("more"));
  const std::vector<std::string> more = {"--unlabeled", path("more")};
  for (int i = 0; i < 24; ++i) {
    const std::string name = std::to_string(100 + i) + ".png";
    fs::create_symlink(at("set/images/train/" + name), at("more/" + name));
  }
  EXPECT_EQ(told("none", more).find("--unlabeled"), std::string::npos);
  const std::string start = "shrike: --unlabeled " + path("more") + ": of its ";
  const std::string held = told("held", {more[0], more[1], "--holdout", "0.25"});
  EXPECT_NE(held.find(start + "24 pictures 6 are in " + path("set/data.yaml") +
                      ", train, held out, too"),
            std::string::npos)
      << held;
  fs::create_symlink(at("set/images/val/103.png"), at("more/link.png"));
  fs::copy_file(at("set/images/val/104.png"), at("more/copy.png"));
  const std::string two = told("two", more);
  EXPECT_NE(two.find(start + "26 pictures 2 are in " + path("set/data.yaml") + ", val, too"),
            std::string::npos)
      << two;
}

TEST_F(Distill, WhatDoesNotFitIsRefused) {
  EXPECT_EQ(run_shrike({"distill", "--data", path("set"), "--out", path("run")}).code, 2);
  EXPECT_EQ(run_shrike(words("run", {"--labels", "0"})).code, 2) << "no teacher";
  EXPECT_EQ(run_shrike(words("run", {"--teacher", "x.onnx", "--distill-response", "0"})).code, 2);
  EXPECT_EQ(run_shrike(words("run", {"--unlabeled", path("set")})).code, 2) << "no teacher";
  const Outcome missing = run_shrike(words("run", {"--teacher", path("missing.onnx")}));
  EXPECT_EQ(missing.code, 4);
  EXPECT_NE(missing.err.find("--teacher: "), std::string::npos) << missing.err;
  make_teacher();
  file("set/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n");
  const Outcome names = run_shrike(words("run", {"--teacher", path("teacher/last.onnx")}));
  EXPECT_EQ(names.code, 3) << names.err;
  for (const char* name : {"red", "blue", "cat", "dog"})
    EXPECT_NE(names.err.find(name), std::string::npos) << names.err;

  file("set/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: [red, blue]\n");
  std::string coarser = squares_network();  // cells of 16 pixels
  const std::string layer = "filters=32\nsize=3\nstride=1";
  const size_t at = coarser.find(layer);
  ASSERT_NE(at, std::string::npos);
  coarser[at + layer.size() - 1] = '2';
  file("squares.cfg", coarser);
  const Outcome strides = run_shrike(words("run", {"--teacher", path("teacher/last.onnx")}));
  EXPECT_EQ(strides.code, 2) << strides.err;
  EXPECT_NE(strides.err.find("none in common"), std::string::npos) << strides.err;
  EXPECT_FALSE(fs::exists(this->at("run")));
}

}  // namespace
}  // namespace shrike::testing
