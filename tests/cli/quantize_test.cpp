// quantize from outside: what it writes, how it judges, bad input.
#include <algorithm>

#include "base/file.h"
#include "data/halves.h"
#include "fixtures.h"
#include "formats/onnx_reader.h"
#include "formats/onnx_writer.h"
#include "ir/infer.h"
#include "ir/text.h"
#include "passes/pipeline.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNames[] = {"a", "b", "c", "cat", "dog", "BloodImage_00007"};
constexpr const char* kCats = "0 0.25 0.5 0.15625 0.625\n0 0.75 0.5 0.15625 0.625\n";

class Quantize : public ProgramTest {
 protected:
  Quantize() {
    for (const char* split : {"train", "val"})
      for (const char* name : kNames) add(std::string(split) + "/" + name);
    data_yaml("cat, dog");
  }

  void add(const std::string& stem) const {
    picture("set/images/" + stem + ".png");
    file("set/labels/" + stem + ".txt", kCats);
  }
  void copy(const std::string& from, const std::string& to) const {
    for (const auto& [folder, ending] : {std::pair{"images/", ".png"}, {"labels/", ".txt"}})
      fs::copy_file(at("set/" + (folder + from) + ending), at("set/" + (folder + to) + ending),
                    fs::copy_options::overwrite_existing);
  }

  void data_yaml(const std::string& names, const std::string& train = "images/train") const {
    file("set/data.yaml",
         "path: .\ntrain: " + train + "\nval: images/val\nnames: [" + names + "]\n");
  }

  Outcome quantize(std::vector<std::string> more, const std::string& data = "set") const {
    more.insert(more.begin(), {"quantize", "--model", model_, "--data", path(data), "-o",
                               path("out.onnx"), "--bootstrap", "50"});
    return run_shrike(more);
  }

  Json report(std::vector<std::string> more = {}, const std::string& data = "set") const {
    more.push_back("--json");
    const Outcome outcome = quantize(more, data);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const std::vector<Json> lines = json_lines(outcome.out);
    EXPECT_EQ(lines.size(), 1u);
    return lines.size() == 1 ? lines[0] : Json::object();
  }

  // And what was there before is there still.
  void expect_refused(const Outcome& outcome, int code, const std::string& part) {
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(part), std::string::npos) << part << " in " << outcome.err;
    EXPECT_TRUE(bytes_of(at("out.onnx")) == "old");
  }
  void old_file() const { file("out.onnx", "old"); }
};

TEST_F(Quantize, WritesIntegersThatFindTheSame) {
  const Json json = report();
  EXPECT_EQ(json["calibration_pictures"], 6);
  EXPECT_EQ(json["judged_pictures"], 6);
  EXPECT_EQ(json["halved"], false);
  EXPECT_EQ(json["truth"], "labels");
  EXPECT_EQ(json["integer_share"], 1.0);
  EXPECT_NEAR(json["map50_95"]["before"].get<double>(), 1, 1e-9);
  EXPECT_NEAR(json["map50_95"]["after"].get<double>(), 1, 1e-9);
  EXPECT_EQ(json["map50_95"]["difference"], 0.0);
  EXPECT_LE(json["bytes_after"].get<double>(), 0.4 * json["bytes_before"].get<double>());
  EXPECT_EQ(json["bytes_after"], fs::file_size(at("out.onnx")));
  ASSERT_EQ(json["layers"].size(), 1u);
  EXPECT_EQ(json["layers"][0]["bits"], 8);

  const Result<Graph> graph = read_onnx(at("out.onnx"));
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->metadata.at("names"), "{0: 'cat', 1: 'dog'}");
  const Outcome found =
      run_shrike({"detect", path("set/images/val/a.png"), "--model", path("out.onnx"), "--json"});
  EXPECT_EQ(found.code, 0) << found.err;
  EXPECT_EQ(json_lines(found.out)[0]["detections"].size(), 2u) << found.out;
}

TEST_F(Quantize, EveryTypeFindsTheSame) {
  struct Case {
    const char* to;
    const char* type;
    int bits, weight_bits;
  };
  for (const Case& c : {Case{"int16", "int16", 8, 16}, Case{"int16x8", "int8", 8, 8},
                        Case{"fp16", "fp16", 32, 32}}) {
    const Json json = report({"--to", c.to});
    EXPECT_EQ(json["to"], c.to);
    EXPECT_NEAR(json["map50_95"]["after"].get<double>(), 1, 1e-9) << c.to;
    ASSERT_EQ(json["layers"].size(), 1u);
    // Its one convolution reads the picture, which is bytes whatever the rest is.
    EXPECT_EQ(json["layers"][0]["type"], c.type) << c.to;
    EXPECT_EQ(json["layers"][0]["bits"], c.bits) << c.to;
    EXPECT_EQ(json["layers"][0]["weight_bits"], c.weight_bits) << c.to;
    const Outcome found =
        run_shrike({"detect", path("set/images/val/a.png"), "--model", path("out.onnx"), "--json"});
    EXPECT_EQ(json_lines(found.out)[0]["detections"].size(), 2u) << c.to << found.err;
  }
}

TEST_F(Quantize, StoredInSixteenBitsWithoutCalibration) {
  const Json json = report({"--to", "fp16"});
  EXPECT_EQ(json["calibration_pictures"], 0);
  EXPECT_EQ(json["judged_pictures"], 6);
  EXPECT_EQ(json["integer_share"], 0.0);
  EXPECT_LE(json["bytes_after"].get<double>(), 0.6 * json["bytes_before"].get<double>());
}

// Whether one convolution of a few pixels is faster in integers is not for a test to say.
TEST_F(Quantize, MixedMeasuresLayersAndTheWhole) {
  old_file();
  const Outcome outcome = quantize({"--to", "mixed", "--json"});
  const std::vector<Json> lines = json_lines(outcome.out);
  ASSERT_EQ(lines.size(), 1u) << outcome.err;
  const Json &json = lines[0], &layer = json["layers"][0];
  EXPECT_FALSE(layer["error"].is_null());
  EXPECT_FALSE(layer["points_lost"].is_null());
  EXPECT_GT(layer["ms_before"], 0.0);
  for (const char* type : {"int8", "int16", "float"}) EXPECT_GT(layer["ms"][type], 0.0) << type;
  EXPECT_GT(json["timed_ms"]["before"], 0.0);
  EXPECT_LE(json["timed_ms"]["after"], json["timed_ms"]["before"]);
  EXPECT_GE(json["looks"].size(), 1u);
  for (const char* way : {"to_integers", "to_floats"})
    EXPECT_TRUE(json["timed_ms"]["conversion_ns"][way].is_number()) << way;
  EXPECT_NEAR(json["map50_95"]["after"].get<double>(), 1, 1e-9);
  if (layer["type"] == "float") {
    expect_refused(outcome, 7, "no faster than floats");
  } else {
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(json["bytes_after"], fs::file_size(at("out.onnx")));
  }
}

TEST_F(Quantize, MixedReadsTimesOfAnotherMachine) {
  const Json layer = report()["layers"][0];
  const auto table = [&](double bytes, double floats, const Json& conversion = {}) {
    Json row = {{"name", layer["name"]},
                {"ms", {{"int8", bytes}, {"int16", 9}, {"float", floats}}}};
    Json all = {{"layers", Json::array({row})}};
    if (!conversion.is_null()) all["timed_ms"] = {{"conversion_ns", conversion}};
    file("times.json", all.dump());
    return std::vector<std::string>{"--to", "mixed", "--times", path("times.json")};
  };
  const Json json = report(table(1, 2));
  EXPECT_EQ(json["layers"][0]["type"], "int8");
  EXPECT_TRUE(json["timed_ms"]["before"].is_null());
  const Json costs = {{"to_integers", 2.5}, {"to_floats", 0.5}};
  EXPECT_EQ(report(table(1, 2, costs))["timed_ms"]["conversion_ns"], costs)
      << "the next one who takes it for a table needs them";
  old_file();
  expect_refused(quantize(table(2, 1)), 7, "no faster than floats");

  const Json bad[] = {3, {{"to_integers", -1}, {"to_floats", 1}}, {{"to_integers", 1}}};
  for (const Json& conversion : bad)
    expect_refused(quantize(table(1, 2, conversion)), 3, "conversion_ns");
  expect_refused(quantize(table(0, 1)), 3, "above 0");
  file("times.json",
       R"({"layers": [{"name": "another", "ms": {"int8": 1, "int16": 1, "float": 1}}]})");
  expect_refused(quantize({"--to", "mixed", "--times", path("times.json")}), 3, "times.json");
  file("times.json", R"({"layers": [{"name": "x", "ms": {"int8": 1}}]})");
  expect_refused(quantize({"--to", "mixed", "--times", path("times.json")}), 3, "int16");
  expect_refused(quantize({"--times", path("times.json")}), 2, "--times");
  Json sized = Json::parse(bytes_of(at("times.json")));
  sized["layers"][0] = {{"name", layer["name"]},
                        {"products", layer["products"].get<int64_t>() * 4},
                        {"ms", {{"int8", 1}, {"int16", 1}, {"float", 1}}}};
  file("times.json", sized.dump());
  expect_refused(quantize({"--to", "mixed", "--times", path("times.json")}), 3, "another size");
  expect_refused(quantize({"--to", "mixed", "--times", path("out.onnx")}), 2, "out.onnx");
}

// The data set is not looked at yet.
TEST_F(Quantize, ATableIsReadBeforeAnyWork) {
  old_file();
  for (const char* text : {"", "{", "[]", R"({"layers": []})"}) {
    if (*text) file("times.json", text);
    expect_refused(quantize({"--to", "mixed", "--times", path("times.json")}, "nowhere"), 3,
                   "times.json");
  }
}

TEST_F(Quantize, OneSetIsHalvedByNames) {
  data_yaml("cat, dog", "images/val");
  const Json json = report();
  EXPECT_EQ(json["halved"], true);
  EXPECT_EQ(json["calibration_pictures"].get<int>() + json["judged_pictures"].get<int>(), 6);
  EXPECT_GT(json["calibration_pictures"], 0);
  EXPECT_EQ(report({"--calib", "1", "--calib-split", "val"})["calibration_pictures"], 1);
}

TEST_F(Quantize, CopiesInAnotherFolderAreOneSet) {
  for (const std::string name : kNames) copy("train/" + name, "val/" + name);
  const Json json = report();
  EXPECT_EQ(json["halved"], true);
  EXPECT_EQ(json["calibration_pictures"].get<int>() + json["judged_pictures"].get<int>(), 6);
}

TEST_F(Quantize, ACopyUnderAnotherNameDoesNotCalibrate) {
  // One name is in each half (halves_test.cpp), so that names do not keep them apart.
  copy("train/BloodImage_00007", "val/000000000025");
  const auto halves = std::ranges::count_if(kNames, [](const char* n) { return in_first_half(n); });
  const Outcome outcome = quantize({"--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = json_lines(outcome.out).at(0);
  EXPECT_EQ(json["halved"], true);
  EXPECT_EQ(json["calibration_pictures"], halves - 1);
  EXPECT_EQ(json["judged_pictures"], 7 - halves);
  EXPECT_NE(outcome.err.find("1 picture is not calibrated by"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("are among those that judge"), std::string::npos) << outcome.err;
}

TEST_F(Quantize, LabelsOfWhatCalibratesCountWhereTheyAreUsed) {
  old_file();
  file("set/labels/train/a.txt", "7 0.5 0.5 0.2 0.2\n");
  expect_refused(quantize({"--to", "mixed"}), 3, "class 7, but there are 2");
  EXPECT_EQ(report()["calibration_pictures"], 6);
}

TEST_F(Quantize, WhatCannotBeJudgedIsSaid) {
  const Outcome nothing = quantize({"--conf", "1"}, "set/images/val");
  EXPECT_EQ(nothing.code, 0) << nothing.err;
  EXPECT_NE(nothing.err.find("no picture has an object to judge by"), std::string::npos)
      << nothing.err;
  old_file();
  const Outcome bound = quantize({"--conf", "1", "--max-drop", "0.3"}, "set/images/val");
  expect_refused(bound, 3, "no object to judge by");
  EXPECT_EQ(bound.out, "");
  for (const char* name : kNames)
    if (name != std::string("a")) fs::remove(at("set/images/val/" + std::string(name) + ".png"));
  const Json one = report();
  EXPECT_EQ(one["judged_pictures"], 1);
  EXPECT_EQ(one["map50_95"]["difference"], 0.0);
  EXPECT_TRUE(one["map50_95"]["interval95"].is_null());
}

TEST_F(Quantize, WithoutLabelsTheFloatModelIsTheTruth) {
  const Json json = report({}, "set/images/val");
  EXPECT_EQ(json["truth"], "float model");
  EXPECT_NEAR(json["map50_95"]["before"].get<double>(), 1, 1e-9);
  const Outcome text = quantize({}, "set/images/val");
  EXPECT_NE(text.out.find("what the float model finds is the truth"), std::string::npos)
      << text.out;
}

TEST_F(Quantize, BadInputLeavesTheOldFile) {
  old_file();
  fs::create_directories(at("empty"));
  expect_refused(quantize({}, "empty"), 3, "empty");
  expect_refused(quantize({}, "empty"), 3, "pictures without labels, which would do");
  expect_refused(quantize({}, "nowhere"), 3, "nowhere");
  picture("single/a.png");
  expect_refused(quantize({}, "single"), 3, "of 1 picture none is left to");
  expect_refused(quantize({"--without", "luck"}), 2, "choose_ranges");
  expect_refused(quantize({"--to", "int4"}), 2, "int8");
  expect_refused(quantize({"--max-drop", "-1"}), 2, "max-drop");
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--calib", "4"}, {"--calib-split", "val"}, {"--without", "x"}})
    expect_refused(quantize({"--to", "fp16", more[0], more[1]}), 2, more[0]);
  data_yaml("cat, dog, bird");
  expect_refused(quantize({}), 3, "bird");
  data_yaml("cat, dog");
  const std::string labels = bytes_of(at("set/labels/val/a.txt"));
  file("set/labels/val/a.txt", labels + "7 0.5 0.5 0.2 0.2\n");
  expect_refused(quantize({}), 3, "class 7, but there are 2");
  file("set/labels/val/a.txt", labels);
  data_yaml("cat");
  const Outcome fewer = quantize({});
  EXPECT_EQ(fewer.code, 0) << "a model may have more classes: " << fewer.err;
}

// The confidence comes of a channel of 0.1 beside one of 10000: 256 steps for both are none for it.
Graph model_that_suffers() {
  const auto repeated = [](const char* text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
  };
  const std::string zero = "00000000", share = "0000343e";  // 18 / 0.1 / 1024
  Result<Graph> graph = parse_graph(
      "meta \"names\" \"{0: 'cat', 1: 'dog'}\"\nmeta \"stride\" \"32\"\n"
      "input %images: f32[1,3,32,64]\nconst %w: f32[2,3,1,1] = [0,0,0,0,0,0]\n"
      "const %b: f32[2] = [10000, 0.1]\n%y: ? = Conv(%images, %w, %b)\n"
      "const %v: f32[7,2,32,32] = hex\"" +
          repeated(zero.c_str(), 4 * 2048 + 1024) + repeated(share.c_str(), 1024) +
          repeated(zero.c_str(), 2 * 2048) +
          "\"\nconst %c: f32[7] = [0, 0, 0, 0, -9, 5, -9]\n"
          "%map: ? = Conv(%y, %v, %c) strides=[32,32]\n"
          "%output0: ? = Head(%map) kind=darknet num_classes=2 strides=[32] anchors=[10,20] "
          "scale_xy=[1]\noutput %output0\n",
      "test");
  EXPECT_TRUE(graph) << graph.error().message;
  EXPECT_TRUE(infer_shapes(*graph));
  EXPECT_TRUE(run_passes(*graph, saving_passes()));
  return *graph;
}

TEST_F(Quantize, TheModelThatIsReadIsNotReplaced) {
  ASSERT_TRUE(save_onnx(model_that_suffers(), at("own.onnx")));
  const std::string before = bytes_of(at("own.onnx"));
  const Outcome outcome = run_shrike(
      {"quantize", "--model", path("own.onnx"), "--data", path("set"), "-o", path("own.onnx")});
  EXPECT_EQ(outcome.code, 2) << outcome.err;
  EXPECT_EQ(bytes_of(at("own.onnx")), before);
}

TEST_F(Quantize, MoreThanMaxDropWritesNothing) {
  ASSERT_TRUE(save_onnx(model_that_suffers(), at("suffers.onnx")));
  const std::vector<std::string> words = {"quantize",  "--model", path("suffers.onnx"), "--data",
                                          path("set"), "-o",      path("out.onnx")};
  old_file();
  for (const char* most : {"0", "20"}) {
    std::vector<std::string> limited = words;
    limited.insert(limited.end(),
                   {"--max-drop", most, "--without", "equalise_channels,correct_biases"});
    const Outcome outcome = run_shrike(limited);
    EXPECT_EQ(outcome.code, 6) << outcome.err << outcome.out;
    EXPECT_NE(outcome.err.find("nothing was written"), std::string::npos) << outcome.err;
    EXPECT_TRUE(bytes_of(at("out.onnx")) == "old");
  }
  const Outcome unlimited = run_shrike(words);
  EXPECT_EQ(unlimited.code, 0) << unlimited.err;
  EXPECT_FALSE(bytes_of(at("out.onnx")) == "old");
}

TEST_F(Quantize, WhatIsQuantisedAlreadyIsRefused) {
  ASSERT_EQ(quantize({}).code, 0);
  fs::rename(at("out.onnx"), at("integers.onnx"));
  old_file();
  for (const std::string command : {"quantize", "prune"}) {
    std::vector<std::string> words = {command,     "--model", path("integers.onnx"), "--data",
                                      path("set"), "-o",      path("out.onnx")};
    if (command == "prune") words.insert(words.end(), {"--macs", "0.5"});
    expect_refused(run_shrike(words), 4, "is quantised already: give the float model");
  }
}

TEST_F(Quantize, UnwritablePlacesAndNames) {
  fs::create_directory(at("folder.onnx"));
  // Before anything is read.
  for (const char* name : {"no/such/folder.onnx", "folder.onnx", "set/data.yaml/out.onnx"}) {
    const Outcome outcome = run_shrike(
        {"quantize", "--model", path("none.onnx"), "--data", path("none"), "-o", path(name)});
    EXPECT_EQ(outcome.code, 5) << outcome.err;
    EXPECT_NE(outcome.err.find(name), std::string::npos) << outcome.err;
  }
  const Outcome ending =
      run_shrike({"quantize", "--model", model_, "--data", path("set"), "-o", path("out.bin")});
  EXPECT_EQ(ending.code, 2);
  EXPECT_NE(ending.err.find(".onnx"), std::string::npos);
  const Outcome nothing = run_shrike({"quantize", "--model", model_, "-o", path("out.onnx")});
  EXPECT_EQ(nothing.code, 2);
  EXPECT_NE(nothing.err.find("a folder of pictures"), std::string::npos) << nothing.err;
}

}  // namespace
}  // namespace shrike::testing
