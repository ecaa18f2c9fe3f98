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

  // Which weights of each convolution are zero.
  std::vector<std::vector<bool>> zeros(const std::string& model) const {
    const Result<Graph> graph = load_model({at(model), {}});
    EXPECT_TRUE(graph) << graph.error().message;
    const Uses uses(*graph);
    std::vector<std::vector<bool>> found;
    for (const Node& node : graph->nodes) {
      if (!std::holds_alternative<Conv>(node.op)) continue;
      ValueId id = node.inputs[1];
      if (const int dq = uses.producer(id); dq >= 0)
        id = graph->nodes[static_cast<size_t>(dq)].inputs[0];
      const Tensor& weights = *graph->constant(id);
      const size_t count = static_cast<size_t>(weights.size()),
                   each = weights.bytes().size() / count;
      std::vector<bool>& zero = found.emplace_back();
      for (size_t i = 0; i < count; ++i)
        zero.push_back(std::ranges::all_of(weights.bytes().subspan(i * each, each),
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

TEST_F(IntegerRuns, OfSixteenBitsOrOfFour) {
  make_model();
  ASSERT_EQ(run_shrike(run("words", {"--qat=int16x8"}, "float/last.onnx", "1")).code, 0);
  EXPECT_GT(judged("words/last.onnx"), 0);
  const auto four = [&](const std::string& out, const std::string& epochs) {
    return run_shrike(
        run(out, {"--qat-weight-bits", "4", "--lr0", "0.003"}, "float/last.onnx", epochs));
  };
  const Outcome outcome = four("four", "12");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Outcome quantized =
      run_shrike({"quantize", "--model", path("float/last.onnx"), "--data", path("set"), "-o",
                  path("four.onnx"), "--weight-bits", "4", "--bootstrap", "0"});
  ASSERT_EQ(quantized.code, 0) << quantized.err;
  EXPECT_GE(judged("four/best.onnx"), judged("four.onnx"));
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

TEST_F(IntegerRuns, WithATeacherAndFrozenLayers) {
  make_model();
  const auto with_teacher = [&](const std::string& out) {
    std::vector<std::string> words =
        run(out, {"--teacher", path("float/last.onnx"), "--distill-feature", "1"});
    words[0] = "distill";
    return words;
  };
  ASSERT_EQ(run_shrike(with_teacher("whole")).code, 0);
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
