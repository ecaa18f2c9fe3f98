// `shrike train --qat`: runs that learn in integers, from their options to their folders.
#include <algorithm>

#include "formats/model.h"
#include "squares.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

class IntegerRuns : public SquaresTest {
 protected:
  void make_model() {
    const Outcome outcome =
        run_shrike(words("float", {"--epochs", "60", "--lr0", "0.01", "--mosaic", "0"}));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }

  std::vector<std::string> run(const std::string& out, const std::vector<std::string>& more = {},
                               const std::string& model = "float/last.onnx",
                               const std::string& epochs = "3") const {
    std::vector<std::string> run = words(out, {"--epochs", epochs, "--save-seconds", "0"});
    run[1] = "--model", run[2] = path(model);
    const auto given = [](const std::string& word) {
      return word.starts_with("--qat=") || word == "--qat";
    };
    if (std::none_of(more.begin(), more.end(), given)) run.push_back("--qat");
    run.insert(run.end(), more.begin(), more.end());
    return run;
  }

  int64_t count(const std::string& model, const std::string& op) const {
    const Outcome shown = run_shrike({"inspect", "--model", path(model), "--text"});
    EXPECT_EQ(shown.code, 0) << shown.err;
    int64_t found = 0;
    for (size_t at = 0; (at = shown.out.find(" = " + op + "(", at)) != std::string::npos; ++at)
      ++found;
    return found;
  }

  double judged(const std::string& model) const {
    const Outcome val =
        run_shrike({"val", "--model", path(model), "--data", path("set"), "--json"});
    EXPECT_EQ(val.code, 0) << val.err;
    return Json::parse(val.out).at("map50_95").get<double>();
  }

  void refused(const std::vector<std::string>& words, int code, const std::string& says) const {
    const Outcome outcome = run_shrike(words);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(says), std::string::npos) << outcome.err;
    EXPECT_FALSE(fs::exists(at("refused")));
  }

  void expect_same_end(const std::string& whole, const std::string& parts,
                       const std::string& checkpoint) const {
    const std::string newest = "checkpoints/" + checkpoint;
    ASSERT_TRUE(fs::exists(at(whole) / newest));
    EXPECT_EQ(bytes_of(at(whole) / newest), bytes_of(at(parts) / newest));
    for (const char* file : {"last.onnx", "best.onnx"})
      EXPECT_EQ(bytes_of(at(whole) / file), bytes_of(at(parts) / file)) << file;
  }

  struct Layer {
    std::string name;
    Tensor weights, steps;     // as they are stored; steps: of integers alone
    std::vector<double> bias;  // of integers alone: what they stand for
  };

  // Every convolution, in order.
  std::vector<Layer> layers(const std::string& model) const {
    const Result<Graph> graph = load_model({at(model), {}});
    EXPECT_TRUE(graph) << graph.error().message;
    const Uses uses(*graph);
    std::vector<Layer> found;
    for (const Node& node : graph->nodes) {
      if (!std::holds_alternative<Conv>(node.op)) continue;
      const auto stored = [&](size_t input) {
        const int dq = uses.producer(node.inputs[input]);
        return dq >= 0 ? graph->nodes[static_cast<size_t>(dq)].inputs
                       : std::vector<ValueId>{node.inputs[input]};
      };
      Layer& layer = found.emplace_back(Layer{node.name, *graph->constant(stored(1)[0]), {}, {}});
      if (stored(1).size() == 1) continue;
      layer.steps = *graph->constant(stored(1)[1]);
      const auto integers = graph->constant(stored(2)[0])->data<int32_t>();
      const auto steps = graph->constant(stored(2)[1])->data<float>();
      for (size_t i = 0; i < integers.size(); ++i)
        layer.bias.push_back(static_cast<double>(integers[i]) * static_cast<double>(steps[i]));
    }
    return found;
  }

  // Of two models in integers, in which convolutions of `still` are the same and no others.
  void expect_still(const std::string& before, const std::string& after,
                    const std::vector<std::string>& still) const {
    const std::vector<Layer> first = layers(before), then = layers(after);
    ASSERT_EQ(first.size(), then.size());
    size_t same = 0;
    for (size_t i = 0; i < first.size(); ++i) {
      const auto equal = [&](Tensor Layer::*part) {
        return std::ranges::equal((first[i].*part).bytes(), (then[i].*part).bytes());
      };
      const bool stays = std::ranges::find(still, first[i].name) != still.end();
      same += stays;
      EXPECT_EQ(equal(&Layer::weights) && equal(&Layer::steps), stays) << first[i].name;
      // Rounded to steps that hang on the step of what comes in, which may learn.
      double apart = 0;
      for (size_t c = 0; c < first[i].bias.size(); ++c)
        apart = std::max(apart, std::abs(first[i].bias[c] - then[i].bias[c]));
      EXPECT_EQ(apart < 1e-4, stays) << apart << " of " << first[i].name;
    }
    EXPECT_EQ(same, still.size());
  }

  // Which weights of each convolution are zero.
  std::vector<std::vector<bool>> zeros(const std::string& model) const {
    std::vector<std::vector<bool>> found;
    for (const Layer& layer : layers(model)) {
      const size_t count = static_cast<size_t>(layer.weights.size()),
                   each = layer.weights.bytes().size() / count;
      std::vector<bool>& zero = found.emplace_back();
      for (size_t i = 0; i < count; ++i)
        zero.push_back(std::ranges::all_of(layer.weights.bytes().subspan(i * each, each),
                                           [](std::byte b) { return b == std::byte{}; }));
    }
    return found;
  }

  void stop_and_go_on(std::vector<std::string> words, const std::string& out,
                      int signal = SIGTERM) const {
    Start start;
    start.words = std::move(words);
    start.signal = signal;
    start.interrupt_when = at(out) / "results.csv";
    ASSERT_EQ(run_shrike(start).code, 128 + signal);
    const Outcome on = run_shrike({"train", "--resume", path(out)});
    ASSERT_EQ(on.code, 0) << on.err;
  }
};

TEST_F(IntegerRuns, AreJudgedAsTheyAreSavedAndGoOnWithTheSameBits) {
  make_model();
  const Outcome whole = run_shrike(run("whole"));
  ASSERT_EQ(whole.code, 0) << whole.err;
  EXPECT_GT(count("whole/last.onnx", "DequantizeLinear"), 8);
  EXPECT_EQ(count("whole/last.onnx", "Clip"), 0);
  EXPECT_NEAR(judged("whole/last.onnx"), cell("whole", 3, "map50_95"), 1e-6);
  const Json arguments = Json::parse(bytes_of(at("whole/args.json")));
  EXPECT_EQ(arguments.at("qat"), "int8");
  stop_and_go_on(run("parts"), "parts");
  expect_same_end("whole", "parts", "checkpoint-9.safetensors");
  EXPECT_NE(bytes_of(at("whole/last.onnx")), bytes_of(at("float/last.onnx")));
}

// Its steps are those that it goes on from: nothing is calibrated.
TEST_F(IntegerRuns, GoOnFromAFileInIntegers) {
  make_model();
  ASSERT_EQ(run_shrike(run("first")).code, 0);
  const double before = judged("first/last.onnx");
  const Outcome outcome = run_shrike(run("second", {"--lr0", "0"}, "first/last.onnx", "1"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NEAR(judged("second/last.onnx"), before, 1e-9) << "at a rate of 0";
  EXPECT_NEAR(static_cast<double>(fs::file_size(at("second/last.onnx"))),
              static_cast<double>(fs::file_size(at("first/last.onnx"))), 1000);
  refused(run("refused", {"--qat", "int16x8"}, "first/last.onnx"), 2, "8 bits");
  refused(run("refused", {"--qat-weight-bits", "4"}, "first/last.onnx"), 4, "more than 4 bits");
  std::vector<std::string> floats = run("refused", {}, "first/last.onnx");
  floats.erase(std::find(floats.begin(), floats.end(), "--qat"));
  refused(floats, 2, "--qat");
}

TEST_F(IntegerRuns, OfSixteenBits) {
  make_model();
  ASSERT_EQ(run_shrike(run("words", {"--qat=int16x8"}, "float/last.onnx", "1")).code, 0);
  EXPECT_GT(judged("words/last.onnx"), 0);
}

// The last epoch's, not the best, which would be the first one where nothing is learned.
TEST_F(IntegerRuns, OfFewBitsEndBetterThanTheyBegin) {
  make_model();
  const Outcome outcome = run_shrike(run(
      "few", {"--qat-weight-bits", "3", "--lr0", "0.003", "--warmup-epochs", "0", "--mosaic", "0"},
      "float/last.onnx", "16"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Outcome quantized =
      run_shrike({"quantize", "--model", path("float/last.onnx"), "--data", path("set"), "-o",
                  path("few.onnx"), "--weight-bits", "3", "--bootstrap", "0"});
  ASSERT_EQ(quantized.code, 0) << quantized.err;
  const double begun = judged("few.onnx");
  EXPECT_GT(begun, 0.2) << "worth something before";
  EXPECT_GT(judged("few/last.onnx"), begun + 0.02);
}

TEST_F(IntegerRuns, KeepTheZerosOfAPrunedModelThroughAKill) {
  make_model();
  const Outcome pruned = run_shrike({"prune", "--model", path("float/last.onnx"), "--data",
                                     path("set"), "--unstructured", "--ratio", "0.5", "--bootstrap",
                                     "0", "-o", path("zeros.onnx")});
  ASSERT_EQ(pruned.code, 0) << pruned.err;
  const auto words = [&](const std::string& out) {
    return run(out, {"--keep-zeros", "--lr0", "0.01"}, "zeros.onnx", "4");
  };
  ASSERT_EQ(run_shrike(words("whole")).code, 0);
  const std::vector<std::vector<bool>> before = zeros("zeros.onnx"),
                                       after = zeros("whole/last.onnx");
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i) {
    ASSERT_EQ(before[i].size(), after[i].size());
    for (size_t k = 0; k < before[i].size(); ++k)
      ASSERT_TRUE(!before[i][k] || after[i][k]) << "weight " << k << " of convolution " << i;
  }
  stop_and_go_on(words("parts"), "parts", SIGKILL);
  expect_same_end("whole", "parts", "checkpoint-12.safetensors");
}

TEST_F(IntegerRuns, OfAModelThatLostChannels) {
  make_model();
  const Outcome pruned =
      run_shrike({"prune", "--model", path("float/last.onnx"), "--data", path("set"), "--ratio",
                  "0.3", "--multiple", "1", "--bootstrap", "0", "-o", path("narrow.onnx")});
  ASSERT_EQ(pruned.code, 0) << pruned.err;
  const Outcome outcome = run_shrike(run("narrow", {}, "narrow.onnx", "1"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_LT(fs::file_size(at("narrow/last.onnx")), fs::file_size(at("float/last.onnx")) / 2);
  EXPECT_NEAR(judged("narrow/last.onnx"), cell("narrow", 1, "map50_95"), 1e-6);
}

const std::vector<std::string> kFrozen = {"layer_0_conv", "layer_2_conv"};

// Those that the calibration of a float model made, and those of a file in integers, which has
// names of its own.
TEST_F(IntegerRuns, FrozenLayersKeepTheirIntegers) {
  make_model();
  const auto frozen = [&](const std::string& out, const std::string& layers,
                          const std::string& model, const std::string& epochs) {
    return run(out, {"--freeze", layers, "--lr0", "0.01"}, model, epochs);
  };
  const std::string two = "layer_0,layer_2", model = "float/last.onnx";
  ASSERT_EQ(run_shrike(frozen("short", two, model, "1")).code, 0);
  ASSERT_EQ(run_shrike(frozen("long", two, model, "3")).code, 0);
  expect_still("short/last.onnx", "long/last.onnx", kFrozen);
  ASSERT_EQ(run_shrike(run("first", {"--lr0", "0.01"})).code, 0);
  expect_still("short/last.onnx", "first/last.onnx", {});
  ASSERT_EQ(run_shrike(frozen("on", "w1,b1,w3,b3", "first/last.onnx", "2")).code, 0);
  expect_still("first/last.onnx", "on/last.onnx", kFrozen);
  refused(frozen("refused", two, "first/last.onnx", "2"), 2, "start with 'layer_0'");
  refused(frozen("refused", "1", "first/last.onnx", "2"), 2, "w1, b1, w2");
}

TEST_F(IntegerRuns, WithATeacherAndFrozenLayers) {
  make_model();
  const std::vector<std::string> freeze = {"--freeze", "layer_0,layer_2"};
  const auto with_teacher = [&](const std::string& out) {
    std::vector<std::string> words =
        run(out, {"--teacher", path("float/last.onnx"), "--distill-feature", "1"});
    words[0] = "distill";
    words.insert(words.end(), freeze.begin(), freeze.end());
    return words;
  };
  ASSERT_EQ(run_shrike(with_teacher("whole")).code, 0);
  ASSERT_EQ(run_shrike(run("alone", freeze, "float/last.onnx", "1")).code, 0);
  expect_still("alone/last.onnx", "whole/last.onnx", kFrozen);
  stop_and_go_on(with_teacher("parts"), "parts");
  expect_same_end("whole", "parts", "checkpoint-9.safetensors");
}

TEST_F(IntegerRuns, WhatDoesNotFitIsRefused) {
  refused(words("refused", {"--qat"}), 2, "--scratch");
  std::vector<std::string> bits = words("refused", {"--qat-weight-bits", "4"});
  refused(bits, 2, "--qat-weight-bits is for training with --qat");
  refused(run("refused", {"--qat-weight-bits", "9"}), 2, "--qat-weight-bits");
  refused(run("refused", {"--sparsity", "0.1"}), 2, "--sparsity");
  refused(run("refused", {}, "missing.onnx"), 4, "missing.onnx");
  make_model();
  file("set/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n");
  refused(run("refused"), 2, "for other classes");
  EXPECT_EQ(run_shrike({"quantize", "--model", path("float/last.onnx"), "--data", path("set"), "-o",
                        path("x.onnx"), "--to", "int16", "--weight-bits", "4"})
                .code,
            2);
}

}  // namespace
}  // namespace shrike::testing
