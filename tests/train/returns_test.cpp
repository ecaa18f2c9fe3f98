// A loss that is not finite: back to a checkpoint with lower rates, or a clear end.
#include <limits>

#include "base/finite.h"
#include "checkpoint/checkpoint.h"
#include "formats/onnx_reader.h"
#include "ir/finite_weights.h"
#include "squares.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

class Returns : public SquaresTest {
 protected:
  // Killed before the last batch of its second epoch, with checkpoints of batches 4 and 5. Gives
  // the second one.
  Checkpoint make_run() {
    Start start;
    start.words = words("run", {"--epochs", "4", "--save-seconds", "0"});
    start.signal = SIGKILL;
    start.interrupt_when = at("run/checkpoints/checkpoint-5.json");
    for (int i = 0; i < 20; ++i) {  // a busy machine may notice it too late
      fs::remove_all(at("run"));
      run_shrike(start);
      const Result<FoundCheckpoint> found = checkpoints_.newest();
      if (found && found->checkpoint && found->checkpoint->step == 5) return *found->checkpoint;
    }
    ADD_FAILURE() << "it is never killed in time";
    return {};
  }

  // All weights as large as may be: every loss is infinite, at any rate. Averages: so is what is
  // judged. Means of gradients: so are the weights after the next update.
  static void spoil(Checkpoint& checkpoint, const std::string& kind = "weights/") {
    for (NamedTensor& tensor : checkpoint.tensors) {
      if (!tensor.name.starts_with(kind)) continue;
      Tensor changed(DType::kF32, tensor.tensor.shape());
      for (float& value : changed.mutable_data<float>())
        value = std::numeric_limits<float>::max();
      tensor.tensor = std::move(changed);
    }
  }

  static size_t count(const std::string& text, const std::string& part) {
    size_t found = 0;
    for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
    return found;
  }

  const CheckpointFolder checkpoints_{at("run/checkpoints")};
};

// 10, the most that --lr0 takes, overflows at once with gradients that nothing clips; one of the rates
// that follow, 2.5, 0.625 and 0.156, does not.
TEST_F(Returns, ALowerRateEndsWell) {
  const Outcome outcome = run_shrike(words("run", {"--epochs", "4", "--optimizer", "SGD", "--lr0",
                                                   "10", "--clip", "1e9", "--warmup-epochs", "0"}));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("back to batch 0, rates times 0.25"), std::string::npos)
      << outcome.err;
  EXPECT_EQ(rows("run").size(), 5u);
}

TEST_F(Returns, TheCheckpointBeforeIsUsedWhereTheNewestLeadsNowhere) {
  Checkpoint newest = make_run();
  spoil(newest);
  ASSERT_TRUE(checkpoints_.write(newest));
  const Outcome outcome = run_shrike({"train", "--resume", path("run")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(count(outcome.err, "not finite in epoch 2: back to batch 5,"), 1u) << outcome.err;
  EXPECT_EQ(count(outcome.err, "not finite in epoch 2: back to batch 4,"), 1u) << outcome.err;
  EXPECT_EQ(rows("run").size(), 5u);
}

// By --resume, and by the run that goes back.
TEST_F(Returns, DamagedCheckpointsThatArePassedOverAreNamed) {
  Checkpoint newest = make_run();
  spoil(newest);
  ASSERT_TRUE(checkpoints_.write(newest));
  file("run/checkpoints/checkpoint-6.json", "{}");
  Json arguments = Json::parse(bytes_of(at("run/args.json")));
  arguments.at("save-seconds") = 1000;  // the first checkpoint removes those of later batches
  file("run/args.json", dump_json(arguments));
  const Outcome outcome = run_shrike({"train", "--resume", path("run")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(count(outcome.err, "checkpoint-6.json: no checkpoint; the one before is used"), 2u)
      << outcome.err;
}

TEST_F(Returns, AfterThreeTheRunEndsAndSaysWhy) {
  Checkpoint newest = make_run();
  spoil(newest);
  fs::remove_all(at("run/checkpoints"));
  ASSERT_TRUE(checkpoints_.write(newest));
  const Outcome outcome = run_shrike({"train", "--resume", path("run")});
  EXPECT_EQ(outcome.code, 5) << outcome.err;
  EXPECT_EQ(count(outcome.err, "back to batch"), 3u) << outcome.err;
  EXPECT_NE(outcome.err.find("after 3 returns"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("--lr0"), std::string::npos) << outcome.err;
}

// Losses are finite all the while.
TEST_F(Returns, WhatIsJudgedAndNotFiniteIsNoBestModel) {
  Checkpoint newest = make_run();
  spoil(newest, "average/");
  newest.state["run"]["best_epoch"] = -1;  // any epoch would be better
  ASSERT_TRUE(checkpoints_.write(newest));
  const Outcome outcome = run_shrike({"train", "--resume", path("run")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  for (const char* batch : {"5,", "4,"})
    EXPECT_EQ(count(outcome.err, "what the network says of val is not finite in epoch 2: back to "
                                 "batch " + std::string(batch)),
              1u)
        << outcome.err;
  EXPECT_EQ(rows("run").size(), 5u);
  for (const char* name : {"run/best.onnx", "run/last.onnx"}) {
    const Result<Graph> graph = read_onnx(at(name));
    ASSERT_TRUE(graph) << graph.error().message;
    const Result<void> finite = check_finite_weights(*graph);
    EXPECT_TRUE(finite) << name << ": " << finite.error().message;
  }
}

TEST_F(Returns, OutputsThatStayInfiniteEndTheRun) {
  Checkpoint newest = make_run();
  spoil(newest, "average/");
  fs::remove_all(at("run/checkpoints"));
  ASSERT_TRUE(checkpoints_.write(newest));
  const std::string best = bytes_of(at("run/best.onnx")), last = bytes_of(at("run/last.onnx"));
  const Outcome outcome = run_shrike({"train", "--resume", path("run")});
  EXPECT_EQ(outcome.code, 5) << outcome.err;
  EXPECT_EQ(count(outcome.err, "back to batch"), 3u) << outcome.err;
  EXPECT_NE(outcome.err.find("what the network says of val is not finite in epoch 2, after 3"),
            std::string::npos)
      << outcome.err;
  EXPECT_EQ(bytes_of(at("run/best.onnx")), best);
  EXPECT_EQ(bytes_of(at("run/last.onnx")), last);
  EXPECT_EQ(rows("run").size(), 2u);
}

// In the middle of an epoch, after a step whose loss was finite.
TEST_F(Returns, ACheckpointThatIsNotFiniteTakesNoGoodOnesPlace) {
  make_run();
  Result<FoundCheckpoint> before = checkpoints_.newest(5);
  ASSERT_TRUE(before && before->checkpoint && before->checkpoint->step == 4);
  spoil(*before->checkpoint, "first/");
  fs::remove_all(at("run/checkpoints"));
  ASSERT_TRUE(checkpoints_.write(*before->checkpoint));
  const Outcome outcome = run_shrike({"train", "--resume", path("run")});
  EXPECT_EQ(outcome.code, 5) << outcome.err;
  // At the lowest rate the weights may stay finite, and the loss be what is not.
  EXPECT_GE(count(outcome.err, "what is learned is not finite in epoch 2: back to batch 4,"), 1u)
      << outcome.err;
  const Result<FoundCheckpoint> left = checkpoints_.newest();
  ASSERT_TRUE(left && left->checkpoint);
  for (const NamedTensor& named : left->checkpoint->tensors)
    EXPECT_TRUE(all_finite(named.tensor)) << named.name;
}

// The file of an epoch that is done again is still the best there is.
TEST_F(Returns, TheBestModelIsThatWhichTheRunSays) {
  Checkpoint newest = make_run();
  spoil(newest);
  newest.state["run"]["best_fitness"] = 0.75;
  newest.state["run"]["best_scores"] = std::vector<double>{0.75, 0.5, 0.25, 0.125};
  newest.state["run"]["best_epoch"] = 3;
  ASSERT_TRUE(checkpoints_.write(newest));
  const std::string best = bytes_of(at("run/best.onnx"));
  const Outcome outcome = run_shrike({"train", "--resume", path("run"), "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  ASSERT_EQ(count(outcome.err, "back to batch"), 2u) << outcome.err;
  EXPECT_EQ(bytes_of(at("run/best.onnx")), best);
  const Json json = json_lines(outcome.out).at(0);
  EXPECT_EQ(json["best_epoch"], 4);
  EXPECT_EQ(json["map50_95"], 0.75);
  EXPECT_EQ(json["recall"], 0.125);
}

}  // namespace
}  // namespace shrike::testing
