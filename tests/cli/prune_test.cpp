// prune from outside: what it writes, what it says of it, bad input.
#include <algorithm>

#include "fixtures.h"
#include "formats/onnx_reader.h"
#include "formats/onnx_writer.h"
#include "ir/infer.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

class Prune : public ProgramTest {
 protected:
  Prune() {
    for (const char* name : {"a", "b"}) {
      picture(std::string("set/images/val/") + name + ".png");
      file(std::string("set/labels/val/") + name + ".txt", "0 0.25 0.5 0.15625 0.625\n");
    }
    file("set/data.yaml", "path: .\nval: images/val\nnames: [cat, dog]\n");
    wide_model();
  }

  Outcome prune(std::vector<std::string> more, const std::string& model = "wide.onnx") const {
    more.insert(more.begin(), {"prune", "--model", path(model), "--data", path("set"), "-o",
                               path("out.onnx"), "--bootstrap", "50"});
    return run_shrike(more);
  }

  Json report(std::vector<std::string> more) const {
    more.push_back("--json");
    const Outcome outcome = prune(more);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const std::vector<Json> lines = json_lines(outcome.out);
    EXPECT_EQ(lines.size(), 1u);
    return lines.size() == 1 ? lines[0] : Json::object();
  }

  void expect_refused(const Outcome& outcome, int code, const std::string& part) {
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(part), std::string::npos) << part << " in " << outcome.err;
    EXPECT_TRUE(bytes_of(at("out.onnx")) == "old");
  }
};

// The model with a Softmax "gate" over the channels of its first layer, as another file. The
// layer's name.
std::string write_gated(const fs::path& model, const fs::path& gated) {
  Result<Graph> loaded = read_onnx(model);
  EXPECT_TRUE(loaded) << loaded.error().message;
  Graph graph = *std::move(loaded);
  const auto first = std::ranges::find_if(
      graph.nodes, [](const Node& node) { return std::holds_alternative<Conv>(node.op); });
  const std::ptrdiff_t behind = first - graph.nodes.begin() + 1;
  const std::string layer = first->name;
  const ValueId map = first->outputs[0], out = graph.add_node(Softmax{1}, {map}, "gated");
  graph.nodes.back().name = "gate";
  for (size_t n = 0; n + 1 < graph.nodes.size(); ++n)
    std::ranges::replace(graph.nodes[n].inputs, map, out);
  std::rotate(graph.nodes.begin() + behind, graph.nodes.end() - 1, graph.nodes.end());
  EXPECT_TRUE(infer_shapes(graph));
  EXPECT_TRUE(save_onnx(graph, gated));
  return layer;
}

double share(const Json& pair) {
  return pair["after"].get<double>() / pair["before"].get<double>();
}

TEST_F(Prune, HalfOfTheMultiplyAdds) {
  const Json json = report({"--macs", "0.5"});
  EXPECT_LE(share(json["macs"]), 0.5);
  EXPECT_GT(share(json["macs"]), 0.4);
  EXPECT_LT(share(json["parameters"]), 0.7);
  EXPECT_EQ(json["bytes"]["after"], fs::file_size(at("out.onnx")));
  EXPECT_LT(share(json["bytes"]), 0.7);
  EXPECT_EQ(json["judged_pictures"], 2);
  for (const Json& layer : json["layers"]) {
    if (layer["before"] != layer["after"]) {
      EXPECT_EQ(layer["after"].get<int>() % 8, 0) << layer;
    }
  }
  // An ordinary file, which goes on being one.
  const Outcome again = run_shrike({"detect", "--model", path("out.onnx"), path("set/images/val")});
  EXPECT_EQ(again.code, 0) << again.err;
  fs::rename(at("out.onnx"), at("half.onnx"));
  const Outcome twice = prune({"--macs", "0.7"}, "half.onnx");
  EXPECT_EQ(twice.code, 0) << twice.err;
  EXPECT_LT(fs::file_size(at("out.onnx")), fs::file_size(at("half.onnx")));
}

// Every command counts alike, in floats and in integers, though what is computed differs: before
// upsampling there are fewer pixels, and decoding is another thing in each.
TEST_F(Prune, OneNetworkHasOneSize) {
  ASSERT_EQ(
      run_shrike({"convert", path("wide.onnx"), path("floats.onnx"), "--fold-batchnorm"}).code, 0);
  const Outcome quantized =
      run_shrike({"quantize", "--model", path("wide.onnx"), "--data", path("set"), "-o",
                  path("integers.onnx"), "--bootstrap", "0"});
  ASSERT_EQ(quantized.code, 0) << quantized.err;
  const Json pruned = report({"--macs", "0.9"});
  const int64_t macs = pruned["macs"]["before"], parameters = pruned["parameters"]["before"];
  const auto told = [&](std::vector<std::string> words) {
    const Outcome outcome = run_shrike(words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return json_lines(outcome.out).at(0);
  };
  for (const char* name : {"floats.onnx", "integers.onnx"}) {
    const Json shown = told({"inspect", path(name), "--json"});
    EXPECT_EQ(shown["macs"], macs) << name;
    EXPECT_EQ(shown["parameters"], parameters) << name;
    EXPECT_NE(shown["computed_macs"], macs) << name;
    for (const char* decode : {"--json", "--decode"}) {
      const Json timed = told({"bench", "--model", path(name), "--runs", "1", "--json", decode});
      EXPECT_NEAR(timed["gmacs"].get<double>() * 1e9, static_cast<double>(macs), 0.5) << name;
    }
  }
}

TEST_F(Prune, OtherBudgetsAndImportances) {
  EXPECT_LE(share(report({"--params", "0.6"})["parameters"]), 0.6);
  const Json json = report({"--ratio", "0.3", "--importance", "random", "--seed", "5"});
  EXPECT_GE(json["channels"]["removed"].get<double>(),
            0.3 * json["channels"]["removable"].get<double>());
  EXPECT_EQ(json["importance"], "random");
  const std::string first = bytes_of(at("out.onnx"));
  report({"--ratio", "0.3", "--importance", "random", "--seed", "5"});
  EXPECT_TRUE(bytes_of(at("out.onnx")) == first);
  report({"--ratio", "0.3", "--importance", "random", "--seed", "6"});
  EXPECT_FALSE(bytes_of(at("out.onnx")) == first);
  // More than the network takes: nothing needs to leave.
  EXPECT_EQ(report({"--latency", "100000"})["channels"]["removed"], 0);
}

TEST_F(Prune, WeightsBecomeZeroInBlocks) {
  const Json json = report({"--ratio", "0.5", "--unstructured"});
  EXPECT_GE(json["blocks"]["zero"].get<double>(), 0.5 * json["blocks"]["all"].get<double>());
  EXPECT_LT(share(json["macs"]), 0.8);
  EXPECT_GT(fs::file_size(at("out.onnx")),
            0.9 * static_cast<double>(fs::file_size(at("wide.onnx"))));
}

// A function over all channels of a map: none of them can leave, and the node that wants them is
// named.
TEST_F(Prune, WhatCannotBeFollowedIsNamedAndStaysWhole) {
  const std::string first = write_gated(at("wide.onnx"), at("gated.onnx"));
  const std::vector<std::string> words = {"--macs", "0.6"};
  const Outcome shown = prune(words, "gated.onnx");
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_NE(shown.err.find("16 channels stay whole for Softmax node 'gate'"), std::string::npos)
      << shown.err;
  const Outcome told = prune({"--macs", "0.6", "--json"}, "gated.onnx");
  const Json json = json_lines(told.out).at(0);
  bool named = false;
  for (const Json& part : json["whole"])
    if (part["node"].get<std::string>().find("'gate'") != std::string::npos) {
      named = true;
      EXPECT_EQ(part["channels"], 16);
    }
  EXPECT_TRUE(named) << json["whole"];
  bool there = false;
  for (const Json& layer : json["layers"])
    if (layer["name"] == first) {
      there = true;
      EXPECT_EQ(layer["before"], 16);
      EXPECT_EQ(layer["after"], 16);
    }
  EXPECT_TRUE(there) << first;
  // Where nothing wants them whole, they leave.
  for (const Json& layer : report({"--macs", "0.6", "--multiple", "1"})["layers"])
    if (layer["name"] == first) {
      EXPECT_LT(layer["after"], 16);
    }
}

// What is written has one size, of which nobody was asked.
TEST_F(Prune, ASizeThatIsFixedIsTold) {
  with_open_size("wide.onnx");
  const auto told = [&](const std::string& command, std::vector<std::string> more,
                        const std::string& model) {
    more.insert(more.begin(), {command, "--model", path(model), "--data", path("set"), "-o",
                               path("out.onnx"), "--bootstrap", "0"});
    const Outcome outcome = run_shrike(more);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.err.find("written is for 64x64 alone (--imgsz") != std::string::npos;
  };
  EXPECT_TRUE(told("prune", {"--macs", "0.7"}, "open.onnx"));
  EXPECT_TRUE(told("quantize", {}, "open.onnx"));
  EXPECT_FALSE(told("prune", {"--macs", "0.7", "--imgsz", "64"}, "open.onnx"));
  EXPECT_FALSE(told("prune", {"--macs", "0.7"}, "wide.onnx"));
}

TEST_F(Prune, ProtectedLayersStay) {
  const Json json = report({"--macs", "0.5"});
  std::string name;
  for (const Json& layer : json["layers"])
    if (layer["before"] != layer["after"]) name = layer["name"].get<std::string>();
  ASSERT_FALSE(name.empty());
  for (const Json& layer : report({"--macs", "0.5", "--protect", name})["layers"])
    if (layer["name"] == name) {
      EXPECT_EQ(layer["before"], layer["after"]);
    }
}

TEST_F(Prune, WhatCannotBeIsSaid) {
  file("out.onnx", "old");
  expect_refused(prune({}), 2, "one of --macs");
  expect_refused(prune({"--macs", "0.5", "--params", "0.5"}), 2, "one of --macs");
  expect_refused(prune({"--macs", "1.5"}), 2, "--macs");
  expect_refused(prune({"--macs", "0.001"}), 2, "--macs 0.001: at least 0.");
  expect_refused(prune({"--params", "0.001"}), 2, "of the parameters stay");
  expect_refused(prune({"--ratio", "0.95"}), 2, "--ratio 0.95: at most 0.7");
  // Each layer keeps a channel.
  expect_refused(prune({"--ratio", "1", "--most", "1", "--multiple", "1"}), 2,
                 "--ratio 1: at most 0.9");
  expect_refused(prune({"--ratio", "1", "--unstructured"}), 2, "blocks of weights can become zero");
  expect_refused(prune({"--latency", "0.0001"}), 2, "--latency 0.0001: cannot be as fast");
  expect_refused(prune({"--macs", "0.5", "--importance", "fame"}), 2, "not one of l1");
  ASSERT_EQ(
      run_shrike({"convert", path("wide.onnx"), path("folded.onnx"), "--fold-batchnorm"}).code, 0);
  expect_refused(prune({"--macs", "0.5", "--importance", "norm"}, "folded.onnx"), 2,
                 "needs batch norms");
  expect_refused(prune({"--macs", "0.5", "--protect", "nobody"}), 2, "no layer 'nobody'");
  expect_refused(prune({"--macs", "0.5", "--steps", "2"}), 2, "give --epochs");
  expect_refused(prune({"--macs", "0.5", "--", "--batch", "8"}), 2, "give --epochs");
  expect_refused(prune({"--latency", "1", "--unstructured"}), 2, "no network faster");
  expect_refused(prune({"--macs", "0.5"}, fs::path(model_).filename()), 2,
                 "no channel of the model can leave");
}

}  // namespace
}  // namespace shrike::testing
