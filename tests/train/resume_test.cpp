// A run that is ended in any way goes on as if it had not been: the same weights, bit for bit.
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

#include "squares.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

// SHRIKE_KILLS=50 is the long form.
int kills() {
  const char* wanted = std::getenv("SHRIKE_KILLS");
  return wanted ? std::atoi(wanted) : 4;
}

class Resume : public SquaresTest {
 protected:
  // Accumulates two batches an update, which epochs of three batches end in the middle of.
  std::vector<std::string> run(const std::string& out) const {
    std::vector<std::string> run = words(out, {"--epochs", "4", "--save-seconds", "0",
                                               "--warmup-epochs", "1", "--close-mosaic", "2"});
    run[10] = "16";
    return run;
  }

  std::vector<std::string> on(const std::string& out) const {
    return {"train", "--resume", path(out)};
  }

  // The tensors of the last checkpoint, which hold optimiser, average and gradients, too.
  std::string tensors(const std::string& out) const {
    return bytes_of(at(out) / "checkpoints" / "checkpoint-12.safetensors");
  }

  void expect_same(const std::string& whole, const std::string& parts) const {
    EXPECT_EQ(tensors(whole), tensors(parts));
    for (const char* file : {"best.onnx", "last.onnx"})
      EXPECT_EQ(bytes_of(at(whole) / file), bytes_of(at(parts) / file)) << file;
    const auto a = rows(whole), b = rows(parts);
    ASSERT_EQ(a.size(), b.size());
    for (size_t r = 0; r < a.size(); ++r)
      for (size_t c = 0; c < a[r].size(); ++c) {
        const std::string& column = a[0][c];
        if (column != "seconds" && column != "images_per_second" && column != "waited_share" &&
            column != "memory_mb") {
          EXPECT_EQ(a[r][c], b[r][c]) << column << " of row " << r;
        }
      }
  }

  void make_whole() {
    const Outcome outcome = run_shrike(run("whole"));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    ASSERT_FALSE(tensors("whole").empty());
  }

  // A run ended by `signal` once it has judged an epoch.
  void start_and_end(const std::string& out, int signal) {
    Start start;
    start.words = run(out);
    start.signal = signal;
    start.interrupt_when = at(out) / "results.csv";
    const Outcome outcome = run_shrike(start);
    ASSERT_EQ(outcome.code, 128 + signal) << outcome.err;
    const size_t said = outcome.err.find("shrike: stopped at step ");
    ASSERT_NE(said, std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find(" of epoch ", said), std::string::npos) << outcome.err;
    // The tests' folder has a blank in its name.
    EXPECT_NE(outcome.err.find("; go on with: shrike train --resume '" + path(out) + "'\n", said),
              std::string::npos)
        << outcome.err;
  }
};

TEST_F(Resume, SignalsEndTheStepAndNothingIsLost) {
  make_whole();
  for (const int signal : {SIGTERM, SIGINT}) {
    const std::string out = "ended-by-" + std::to_string(signal);
    start_and_end(out, signal);
    ASSERT_LT(rows(out).size(), 5u);
    const Outcome outcome = run_shrike(on(out));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    expect_same("whole", out);
  }
  const Outcome again = run_shrike(on("whole"));
  EXPECT_EQ(again.code, 0) << again.err;
  expect_same("whole", "ended-by-15");
}

TEST_F(Resume, KilledAtAnyMoment) {
  const auto begin = std::chrono::steady_clock::now();
  make_whole();
  // On a busy machine the next run takes half or twice as long.
  auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);
  std::mt19937 random(5);
  for (int killed = 0, whole = 0; killed < kills();) {
    Start start;
    start.words = fs::exists(at("killed/args.json")) ? on("killed") : run("killed");
    start.signal = SIGKILL;
    start.interrupt_after = took * (10 + random() % 100) / 100;
    const Outcome outcome = run_shrike(start);
    if (outcome.code == 128 + SIGKILL) {
      ++killed;
      took = took * 21 / 20;
      continue;
    }
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    expect_same("whole", "killed");
    took = took * 4 / 5;
    fs::remove_all(at("killed"));  // and again from nothing
    ASSERT_LT(++whole, 20 + kills()) << "nothing is ever ended early";
  }
  if (!fs::exists(at("killed/args.json"))) return;
  const Outcome outcome = run_shrike(on("killed"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  expect_same("whole", "killed");
}

TEST_F(Resume, AFullDiskLosesNothing) {
  make_whole();
  start_and_end("full", SIGTERM);
  Start start;
  start.words = on("full");
  start.prepare = [] {
    const rlimit limit{100'000, 100'000};
    setrlimit(RLIMIT_FSIZE, &limit);
  };
  const Outcome full = run_shrike(start);
  EXPECT_EQ(full.code, 5) << full.err;
  EXPECT_NE(full.err.find("checkpoint-"), std::string::npos) << full.err;
  const Outcome outcome = run_shrike(on("full"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  expect_same("whole", "full");
}

TEST_F(Resume, ADamagedCheckpointIsNoticedAndTheOneBeforeUsed) {
  make_whole();
  start_and_end("damaged", SIGTERM);
  std::vector<std::string> tensors;
  for (const std::string& name : names_in(at("damaged/checkpoints")))
    if (name.ends_with(".safetensors")) tensors.push_back(name);
  ASSERT_EQ(tensors.size(), 2u);
  // Names count without zeros in front: the longer one is the newer, or else the later.
  std::sort(tensors.begin(), tensors.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  const std::string newest = "damaged/checkpoints/" + tensors[1];
  std::string bytes = bytes_of(at(newest));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  file(newest, bytes);
  const Outcome outcome = run_shrike(on("damaged"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find(tensors[1].substr(0, tensors[1].find('.'))), std::string::npos)
      << outcome.err;
  expect_same("whole", "damaged");
}

TEST_F(Resume, ARunIsNotBegunAnewOverItsResults) {
  make_whole();
  for (const std::string& name : names_in(at("whole/checkpoints")))
    if (name.ends_with(".safetensors")) file("whole/checkpoints/" + name, "short");
  const std::string results = bytes_of(at("whole/results.csv"));
  const std::string best = bytes_of(at("whole/best.onnx"));
  const Outcome damaged = run_shrike(on("whole"));
  EXPECT_EQ(damaged.code, 3);
  EXPECT_NE(damaged.err.find("no whole checkpoint"), std::string::npos) << damaged.err;
  fs::remove_all(at("whole/checkpoints"));
  EXPECT_EQ(run_shrike(on("whole")).code, 3);
  EXPECT_EQ(bytes_of(at("whole/results.csv")), results);
  EXPECT_EQ(bytes_of(at("whole/best.onnx")), best);
}

TEST_F(Resume, WhatDoesNotBelongTogetherIsRefused) {
  const Outcome nothing = run_shrike(on("nowhere"));
  EXPECT_EQ(nothing.code, 3) << nothing.err;
  start_and_end("run", SIGTERM);
  EXPECT_EQ(run_shrike({"train", "--resume", path("run"), "--epochs", "9"}).code, 2);

  const std::string label = bytes_of(at("set/labels/train/101.txt"));
  file("set/labels/train/101.txt", "0 0.5 0.5 0.25 0.25\n");
  EXPECT_EQ(run_shrike(on("run")).code, 3) << "other labels";
  file("set/labels/train/101.txt", label);

  // The checkpoints of another model's run, under the arguments of this one.
  std::string wider = squares_network();
  wider.replace(wider.find("filters=16"), 10, "filters=24");
  file("squares.cfg", wider);
  start_and_end("wide", SIGTERM);
  fs::rename(at("run/checkpoints"), at("own"));
  fs::copy(at("wide/checkpoints"), at("run/checkpoints"));
  const Outcome other = run_shrike(on("run"));
  EXPECT_EQ(other.code, 4) << other.err;
  EXPECT_NE(other.err.find("checkpoints/checkpoint-"), std::string::npos) << other.err;
  EXPECT_NE(other.err.find("another model"), std::string::npos) << other.err;
  // Nothing was written, so the run goes on once it has its own again.
  fs::remove_all(at("run/checkpoints"));
  fs::rename(at("own"), at("run/checkpoints"));
  EXPECT_EQ(run_shrike(on("run")).code, 0);
}

// Files that are gone, and such of which one bit is another.
TEST_F(Resume, FilesOfAFinishedRunAreMadeAgain) {
  ASSERT_EQ(run_shrike(words("run", {"--epochs", "1"})).code, 0);
  std::map<std::string, std::string> written;
  for (const char* name : {"best.onnx", "last.onnx", "results.csv"})
    written[name] = bytes_of(at("run") / name);
  for (const std::vector<std::string>& names : std::vector<std::vector<std::string>>{
           {"last.onnx"}, {"best.onnx", "last.onnx"}, {"results.csv"}})
    for (const bool damaged : {false, true}) {
      for (const std::string& name : names) {
        std::string other = written[name];
        other[other.size() / 2] = static_cast<char>(other[other.size() / 2] ^ 1);
        fs::remove(at("run") / name);
        if (damaged) file("run/" + name, other);
      }
      const Outcome outcome = run_shrike(on("run"));
      EXPECT_EQ(outcome.code, 0) << outcome.err;
      for (const auto& [name, bytes] : written) {
        const std::string fault = !damaged              ? " is not there"
                                  : name == "results.csv" ? " has not the rows that the checkpoint has"
                                                          : " is of an epoch that is done again";
        const size_t said = outcome.err.find("run/" + name + fault);
        const bool is_one = std::find(names.begin(), names.end(), name) != names.end();
        EXPECT_EQ(said != std::string::npos, is_one) << name << ": " << outcome.err;
        EXPECT_EQ(bytes_of(at("run") / name), bytes) << name;
      }
      EXPECT_NE(outcome.err.find("made again from the checkpoint"), std::string::npos);
    }
}

// Without learning no epoch is better than the first.
TEST_F(Resume, ABestModelThatIsLostIsSaidBeforeAnEpoch) {
  ASSERT_EQ(run_shrike(words("run", {"--epochs", "4", "--lr0", "0", "--save-seconds", "0"})).code,
            0);
  const std::string last = bytes_of(at("run/last.onnx"));
  fs::remove(at("run/best.onnx"));
  fs::remove(at("run/report/report.json"));
  const Outcome end = run_shrike(on("run"));
  EXPECT_EQ(end.code, 3) << end.err;
  EXPECT_NE(end.err.find("best.onnx is not there, and the weights of epoch 1"), std::string::npos)
      << end.err;
  EXPECT_FALSE(fs::exists(at("run/report/report.json")));
  EXPECT_FALSE(fs::exists(at("run/best.onnx")));
  EXPECT_EQ(bytes_of(at("run/last.onnx")), last);

  // Damaged it is lost, too.
  std::string damaged = last;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  file("run/best.onnx", damaged);
  const Outcome too = run_shrike(on("run"));
  EXPECT_EQ(too.code, 3) << too.err;
  EXPECT_NE(too.err.find("best.onnx is of an epoch that is done again"), std::string::npos) << too.err;
  EXPECT_NE(too.err.find("the weights of epoch 1, which it held, are lost"), std::string::npos)
      << too.err;

  // In the middle of its last epoch.
  ASSERT_TRUE(fs::remove(at("run/checkpoints/checkpoint-12.json")));
  fs::remove(at("run/last.onnx"));
  const Outcome goes_on = run_shrike(on("run"));
  EXPECT_EQ(goes_on.code, 0) << goes_on.err;
  EXPECT_NE(goes_on.err.find("epoch 1, which it held, are lost: the best of the epochs from here"),
            std::string::npos)
      << goes_on.err;
  EXPECT_NE(goes_on.out.find("best epoch 4"), std::string::npos) << goes_on.out;
  EXPECT_EQ(bytes_of(at("run/best.onnx")), bytes_of(at("run/last.onnx")));
  EXPECT_TRUE(fs::exists(at("run/report/report.json")));
}

TEST_F(Resume, NothingOutsideOfTheFolderIsNeeded) {
  make_whole();
  start_and_end("alone", SIGTERM);
  fs::remove(at("squares.cfg"));
  const Outcome outcome = run_shrike(on("alone"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  expect_same("whole", "alone");
}

}  // namespace
}  // namespace shrike::testing
