// `shrike prune --epochs`: pruned, trained with the unpruned model as teacher, and all the ways
// that this may end.
#include <unistd.h>

#include <cmath>
#include <numeric>

#include "cli/folder_lock.h"
#include "formats/onnx_reader.h"
#include "squares.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

class Recovery : public SquaresTest {
 protected:
  void make_model(const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = {"--epochs", "6", "--lr0", "0.01", "--close-mosaic", "2"};
    all.insert(all.end(), more.begin(), more.end());
    const Outcome outcome = run_shrike(words("model", all));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }

  std::vector<std::string> prune(const std::vector<std::string>& more,
                                 const std::vector<std::string>& train = {}) const {
    std::vector<std::string> words = {"prune",
                                      "--model",
                                      path("model/last.onnx"),
                                      "--data",
                                      path("set"),
                                      "--threads",
                                      "2",
                                      "--multiple",
                                      "4",
                                      "--bootstrap",
                                      "50",
                                      "-o",
                                      path("out.onnx")};
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {"--", "--batch", "8", "--nbs", "8", "--save-seconds", "0"});
    words.insert(words.end(), train.begin(), train.end());
    return words;
  }

  Json report(std::vector<std::string> words) const {
    words.insert(words.begin() + 1, "--json");
    const Outcome outcome = run_shrike(words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const std::vector<Json> lines = json_lines(outcome.out);
    EXPECT_EQ(lines.size(), 1u);
    return lines.size() == 1 ? lines[0] : Json::object();
  }
};

TEST_F(Recovery, TrainsWhatWasPrunedByTheUnprunedModel) {
  make_model();
  const Json json = report(prune({"--macs", "0.6", "--epochs", "2"}, {"--holdout", "0.25"}));
  const double macs = json["macs"]["after"].get<double>() / json["macs"]["before"].get<double>();
  EXPECT_LE(macs, 0.6);
  EXPECT_EQ(json["recovery"]["epochs"], 2);
  EXPECT_EQ(json["recovery"]["bytes"], fs::file_size(at("out.onnx")));
  const fs::path step = at("out-recovery/step-1");
  EXPECT_TRUE(bytes_of(step / "recovered.onnx") == bytes_of(at("out.onnx")));
  EXPECT_FALSE(bytes_of(step / "pruned.onnx") == bytes_of(at("out.onnx")));
  const std::string arguments = bytes_of(step / "run/args.json");
  EXPECT_NE(arguments.find("original.onnx"), std::string::npos) << arguments;
  EXPECT_NE(arguments.find("\"holdout\": 0.25"), std::string::npos) << arguments;
  EXPECT_EQ(rows("out-recovery/step-1/run").size(), 3u);
  EXPECT_EQ(run_shrike({"detect", "--model", path("out.onnx"), path("set/images/val")}).code, 0);

  // Done already: nothing is trained again; another wish is refused.
  const std::string before = bytes_of(step / "run/results.csv");
  EXPECT_EQ(report(prune({"--macs", "0.6", "--epochs", "2"}, {"--holdout", "0.25"}))["macs"],
            json["macs"]);
  EXPECT_EQ(bytes_of(step / "run/results.csv"), before);
  const Outcome other = run_shrike(prune({"--macs", "0.7", "--epochs", "2"}));
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.err.find("another pruning lies there"), std::string::npos) << other.err;
}

TEST_F(Recovery, GoesOnInTheMiddleOfASecondStep) {
  make_model();
  const std::vector<std::string> more = {"--ratio", "0.4", "--epochs", "4", "--steps", "2"};
  std::vector<std::string> whole = more, parts = more;
  whole.insert(whole.end(), {"--out", path("whole")});
  parts.insert(parts.end(), {"--out", path("parts")});
  const Json json = report(prune(whole));
  EXPECT_GE(json["channels"]["removed"].get<double>(),
            0.4 * json["channels"]["removable"].get<double>());
  EXPECT_EQ(json["recovery"]["steps"], 2);

  Start start;
  start.words = prune(parts);
  start.signal = SIGTERM;
  start.interrupt_when = at("parts/step-2/run/results.csv");
  fs::remove(at("out.onnx"));
  const Outcome ended = run_shrike(start);
  ASSERT_EQ(ended.code, 128 + SIGTERM);
  EXPECT_NE(ended.err.find("stopped at step"), std::string::npos) << ended.err;
  EXPECT_NE(ended.err.find("the same command goes on"), std::string::npos) << ended.err;
  EXPECT_EQ(ended.err.find("--resume"), std::string::npos) << "not by train: " << ended.err;
  EXPECT_FALSE(fs::exists(at("out.onnx")));
  EXPECT_TRUE(fs::exists(at("parts/step-1/recovered.onnx")));
  const Outcome on = run_shrike(prune(parts));
  ASSERT_EQ(on.code, 0) << on.err;
  EXPECT_TRUE(bytes_of(at("whole/step-2/recovered.onnx")) == bytes_of(at("out.onnx")));
}

// Of the first network's layers, though the second step prunes one that was saved and trained.
TEST_F(Recovery, StepsTakeNoMoreOfALayerThanOneStep) {
  make_model();
  const Json json = report(prune({"--macs", "0.4", "--most", "0.5", "--epochs", "2", "--steps", "2",
                                  "--importance", "random"}));
  EXPECT_LE(json["macs"]["after"].get<double>(), 0.4 * json["macs"]["before"].get<double>());
  ASSERT_GT(json["layers"].size(), 2u);
  for (const Json& layer : json["layers"])
    EXPECT_GE(2 * layer["after"].get<int64_t>(), layer["before"].get<int64_t>()) << layer;
}

TEST_F(Recovery, ChannelsByWhatTheLossSaysOfThem) {
  make_model();
  std::vector<std::string> words = prune({"--macs", "0.7", "--importance", "taylor"});
  words.resize(words.size() - 7);  // nothing is trained
  const Json json = report(words);
  EXPECT_EQ(json["importance"], "taylor");
  EXPECT_GT(json["channels"]["removed"], 0);
  const std::string first = bytes_of(at("out.onnx"));
  report(words);
  EXPECT_EQ(bytes_of(at("out.onnx")), first);
  file("set/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: [cat, dog, owl]\n");
  const Outcome other = run_shrike(words);
  EXPECT_EQ(other.code, 3) << other.err;
}

// Of the first layer, whose filters read what stays: those of the model that `file` has still. A
// filter is told by its direction, which folding of a batch norm leaves (or turns around).
std::vector<bool> first_filters_left(const Graph& model, const Graph& file) {
  const auto filters = [](const Graph& graph) {
    const auto first = std::ranges::find_if(
        graph.nodes, [](const Node& node) { return std::holds_alternative<Conv>(node.op); });
    const Tensor& weights = *graph.constant(first->inputs[1]);
    const auto size = static_cast<size_t>(weights.size() / weights.shape()[0]);
    std::vector<std::vector<double>> result;
    for (size_t f = 0; f < static_cast<size_t>(weights.shape()[0]); ++f) {
      const auto filter = weights.data<float>().subspan(f * size, size);
      result.emplace_back(filter.begin(), filter.end());
      const double length =
          std::sqrt(std::inner_product(filter.begin(), filter.end(), filter.begin(), 0.0));
      for (double& w : result.back()) w /= length;
    }
    return result;
  };
  const auto left = filters(file);
  std::vector<bool> found;
  for (const std::vector<double>& filter : filters(model))
    found.push_back(std::ranges::any_of(left, [&](const std::vector<double>& other) {
      return filter.size() == other.size() &&
             std::abs(std::inner_product(filter.begin(), filter.end(), other.begin(), 0.0)) >
                 1 - 1e-5;
    }));
  return found;
}

TEST_F(Recovery, ScalesOfBatchNormsThatWereDrivenToZero) {
  make_model({"--sparsity", "0.01"});
  const auto alone = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--importance", "norm"});
    std::vector<std::string> words = prune(more);
    words.resize(words.size() - 7);  // nothing is trained
    return report(words);
  };
  const Json json = alone({"--macs", "0.7"});
  EXPECT_GT(json["channels"]["removed"], 0);
  // Four of the 88 channels, all of the first layer.
  std::string others;
  for (size_t i = 1; i + 1 < json["layers"].size(); ++i)
    others += (i > 1 ? "," : "") + json["layers"][i]["name"].get<std::string>();
  EXPECT_EQ(alone({"--ratio", "0.04", "--protect", others})["channels"]["removed"], 4);

  const Result<Graph> model = read_onnx(at("model/last.onnx")), pruned = read_onnx(at("out.onnx"));
  ASSERT_TRUE(model) << model.error().message;
  ASSERT_TRUE(pruned) << pruned.error().message;
  const auto norm = std::ranges::find_if(
      model->nodes, [](const Node& node) { return std::holds_alternative<BatchNorm>(node.op); });
  ASSERT_NE(norm, model->nodes.end());
  const std::span<const float> scales = model->constant(norm->inputs[1])->data<float>();
  const std::vector<bool> left = first_filters_left(*model, *pruned);
  ASSERT_EQ(left.size(), scales.size());
  EXPECT_EQ(std::ranges::count(left, true), 4);
  float largest_gone = 0, least_left = INFINITY;
  for (size_t f = 0; f < left.size(); ++f)
    if (left[f])
      least_left = std::min(least_left, std::abs(scales[f]));
    else
      largest_gone = std::max(largest_gone, std::abs(scales[f]));
  EXPECT_LT(largest_gone, least_left);
}

TEST_F(Recovery, ZerosStayZero) {
  make_model();
  const Json json = report(prune({"--ratio", "0.5", "--unstructured", "--epochs", "2"}));
  EXPECT_GE(json["blocks"]["zero"].get<double>(), 0.5 * json["blocks"]["all"].get<double>());
  EXPECT_LT(json["macs"]["after"], json["macs"]["before"]);
  EXPECT_EQ(json["layers"].size(), 0u);
}

TEST_F(Recovery, WhatDoesNotFitIsRefused) {
  make_model();
  file("out.onnx", "old");
  const auto refused = [&](const std::vector<std::string>& words, int code,
                           const std::string& part) {
    const Outcome outcome = run_shrike(words);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(part), std::string::npos) << part << " in " << outcome.err;
    EXPECT_FALSE(fs::exists(at("out-recovery")));
    EXPECT_EQ(bytes_of(at("out.onnx")), "old");
  };
  refused(prune({"--macs", "0.6"}), 2, "give --epochs");
  refused(prune({"--macs", "0.6", "--epochs", "1", "--steps", "2"}), 2, "an epoch each");
  refused(prune({"--macs", "0.6", "--epochs", "1"}, {"--no-such"}), 2, "no-such");
  refused(prune({"--macs", "0.6", "--epochs", "1"}, {"--resume", "x"}), 2, "--resume");
  refused(prune({"--latency", "1", "--unstructured", "--epochs", "1"}), 2, "no network faster");
  refused(prune({"--macs", "0.6", "--epochs", "1"}, {"--qat", "int8"}), 2, "train --qat");
  refused(prune({"--macs", "0.6", "--epochs", "1"}, {"--epochs", "3"}), 2, "prune's own");
  refused(prune({"--macs", "0.6", "--epochs", "1"}, {"--json"}), 2, "prune's own");
  refused(prune({"--macs", "0.6", "--epochs", "1"}, {"--nproc", "2"}), 2, "give --no-teacher");
  refused(prune({"--macs", "0.6", "--epochs", "1"}, {"--imgsz", "32"}), 2, "at one size");
  refused(prune({"--ratio", "0.7", "--most", "0.5", "--epochs", "2", "--steps", "2"}), 2,
          "--ratio 0.7: at most 0.");
  refused(prune({"--ratio", "1", "--unstructured", "--epochs", "2", "--steps", "2", "--protect",
                 "layer_1_conv"}),
          2, "of the blocks of weights can become zero");
  const std::vector<std::string> norm = {"--macs",  "0.6", "--epochs",     "2",
                                         "--steps", "2",   "--importance", "norm"};
  refused(prune(norm), 2, "--sparsity");
  refused(prune({"--macs", "0.6", "--epochs", "1", "--out", path("set/images/train/r")}), 2,
          "name another folder");
  EXPECT_FALSE(fs::exists(at("set/images/train/r")));
  refused(prune({"--macs", "0.6", "--epochs", "1", "--out", path("set")}), 2, "nothing is written");
  EXPECT_FALSE(fs::exists(at("set/original.onnx")));
  refused(prune({"--macs", "0.6", "--epochs", "1", "--split", "train", "--out",
                 path("set/images/val/r")}),
          2, "name another folder");
  refused(prune({"--macs", "0.6", "--epochs", "1", "--out", path("set/labels/train")}), 2,
          "nothing is written");
  fs::create_directories(at("un"));
  fs::copy(at("set/images/train"), at("un"));
  refused(
      prune({"--macs", "0.6", "--epochs", "1", "--out", path("un/r")}, {"--unlabeled", path("un")}),
      2, "name another folder");
  EXPECT_FALSE(fs::exists(at("un/r")));
  // The same classes in another order, which the judge would match by name.
  const std::string settings = bytes_of(at("set/data.yaml"));
  for (const char* names : {"[blue, red]", "[Red, blue]"}) {
    file("set/data.yaml",
         "path: .\ntrain: images/train\nval: images/val\nnames: " + std::string(names) + "\n");
    refused(prune({"--macs", "0.6", "--epochs", "1"}), 3, "a new head");
    refused(prune({"--macs", "0.6", "--epochs", "1"}), 3,
            names[1] == 'b' ? "differs is 'blue' for 'red'" : "differs is 'Red' for 'red'");
    refused(prune({"--macs", "0.6", "--epochs", "1", "--classes-by-index"}), 3, "a new head");
  }
  file("set/data.yaml", settings);
}

TEST_F(Recovery, AnothersFilesAreNeitherTakenNorReplaced) {
  make_model();
  const std::vector<std::string> words = prune({"--macs", "0.6", "--epochs", "1"});
  file("out-recovery/original.onnx", "mine");
  const Outcome kept = run_shrike(words);
  EXPECT_EQ(kept.code, 2) << kept.err;
  EXPECT_NE(kept.err.find("remove that folder"), std::string::npos) << kept.err;
  EXPECT_EQ(bytes_of(at("out-recovery/original.onnx")), "mine");
  fs::remove(at("out-recovery/original.onnx"));
  file("out-recovery/step-1/recovered.onnx", "mine");
  EXPECT_EQ(run_shrike(words).code, 2);
  EXPECT_FALSE(fs::exists(at("out.onnx")));
  EXPECT_EQ(bytes_of(at("out-recovery/step-1/recovered.onnx")), "mine");
}

// Train looks at those that choose its best epoch, prune at those of the report.
TEST_F(Recovery, PicturesThatJudgeAndHaveNoLabelsAreTold) {
  make_model();
  fs::create_directories(at("more"));
  for (const char* name : {"100.png", "101.png"})
    fs::create_symlink(at("set/images/val") / name, at("more") / name);
  const auto times_told = [&](const std::vector<std::string>& more) {
    std::vector<std::string> train = {"--unlabeled", path("more")};
    train.insert(train.end(), more.begin(), more.end());
    const Outcome outcome = run_shrike(prune({"--macs", "0.6", "--epochs", "1"}, train));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const std::string line = "of its 2 pictures 2 are in " + path("set/data.yaml") + ", val, too";
    size_t times = 0;
    for (size_t at = 0; (at = outcome.err.find(line, at)) != std::string::npos; ++at) ++times;
    fs::remove_all(at("out-recovery"));
    return times;
  };
  EXPECT_EQ(times_told({}), 1u);
  EXPECT_EQ(times_told({"--holdout", "0.25"}), 1u);
}

// What is held out of train chooses, so that the set need not have a split val.
TEST_F(Recovery, ASetWithoutValIsEnoughWhereAPartIsHeldOut) {
  make_model();
  fs::rename(at("set/images/val"), at("set/images/test"));
  fs::rename(at("set/labels/val"), at("set/labels/test"));
  file("set/data.yaml", "path: .\ntrain: images/train\ntest: images/test\nnames: [red, blue]\n");
  const std::vector<std::string> wish = {"--macs", "0.6", "--epochs", "1", "--split", "test"};
  const Outcome without = run_shrike(prune(wish));
  EXPECT_EQ(without.code, 3) << without.err;
  EXPECT_NE(without.err.find("no split val"), std::string::npos) << without.err;
  EXPECT_EQ(report(prune(wish, {"--holdout", "0.25"}))["recovery"]["epochs"], 1);
}

TEST_F(Recovery, OneCommandAtATime) {
  make_model();
  const std::vector<std::string> words = prune({"--macs", "0.6", "--epochs", "1"});
  fs::create_directories(at("out-recovery"));
  {
    const Result<FolderLock> held = FolderLock::take(at("out-recovery/prune.lock"));
    ASSERT_TRUE(held);
    const Outcome second = run_shrike(words);
    EXPECT_EQ(second.code, 2) << second.err;
    EXPECT_NE(second.err.find("out-recovery: process " + std::to_string(::getpid())),
              std::string::npos)
        << second.err;
    EXPECT_FALSE(fs::exists(at("out-recovery/recovery.json")));
  }
  EXPECT_EQ(run_shrike(words).code, 0);
}

TEST_F(Recovery, ACommandThatTrainRefusesKeepsNoOtherOut) {
  make_model();
  const Outcome wrong =
      run_shrike(prune({"--macs", "0.4", "--epochs", "1"}, {"--freeze", "nobody"}));
  EXPECT_EQ(wrong.code, 2) << wrong.err;
  EXPECT_NE(wrong.err.find("nobody"), std::string::npos) << wrong.err;
  ASSERT_TRUE(fs::exists(at("out-recovery/step-1/pruned.onnx")));
  file("out-recovery/notes.txt", "mine");
  const Json json = report(prune({"--macs", "0.8", "--epochs", "1"}));
  EXPECT_GT(json["macs"]["after"].get<double>(), 0.4 * json["macs"]["before"].get<double>());
  EXPECT_EQ(bytes_of(at("out-recovery/notes.txt")), "mine");
}

}  // namespace
}  // namespace shrike::testing
