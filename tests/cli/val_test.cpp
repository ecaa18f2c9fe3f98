// val and compare from outside: numbers that can be worked out by hand, files, bad input.
#include <algorithm>

#include "base/file.h"
#include "fixtures.h"
#include "formats/onnx_reader.h"
#include "formats/onnx_writer.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;
using Keys = std::vector<std::string>;

Keys keys(const Json& object) {
  Keys result;
  for (const auto& [key, value] : object.items()) result.push_back(key);
  return result;
}

// Where the tiny model sees cats in any picture of 64x32: 10x20 pixels in the middle of each half.
constexpr const char* kLeftCat = "0 0.25 0.5 0.15625 0.625\n";
constexpr const char* kRightCat = "0 0.75 0.5 0.15625 0.625\n";
constexpr const char* kDog = "1 0.5 0.5 0.125 0.125\n";

// What differs from run to run.
constexpr const char* kOfTheRun[] = {"speed_ms", "images_per_second", "threads", "peak_rss_mb"};

class Val : public ProgramTest {
 protected:
  // Both cats; nothing; one cat and a dog that nobody sees.
  Val() {
    for (const char* name : {"a", "b", "c"})
      picture("set/images/val/" + std::string(name) + ".png");
    file("set/labels/val/a.txt", std::string(kLeftCat) + kRightCat);
    file("set/labels/val/c.txt", std::string(kLeftCat) + kDog);
    data_yaml("cat, dog");
  }

  void data_yaml(const std::string& names) const {
    file("set/data.yaml", "path: .\nval: images/val\nnames: [" + names + "]\n");
  }

  Outcome val(std::vector<std::string> more, const std::string& data = "set/data.yaml") const {
    more.insert(more.begin(), {"val", "--model", model_, "--data", path(data)});
    return run_shrike(more);
  }

  Json val_json(std::vector<std::string> more = {},
                const std::string& data = "set/data.yaml") const {
    more.push_back("--json");
    const Outcome outcome = val(more, data);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const std::vector<Json> lines = json_lines(outcome.out);
    EXPECT_EQ(lines.size(), 1u);
    return lines.size() == 1 ? lines[0] : Json::object();
  }

  void expect_refused(const Outcome& outcome, int code, const std::vector<std::string>& parts) {
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    for (const std::string& part : parts)
      EXPECT_NE(outcome.err.find(part), std::string::npos) << part << " in " << outcome.err;
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << "one line: " << outcome.err;
  }
};

TEST_F(Val, NumbersWorkedOutByHand) {
  const Json json = val_json();
  // Cats, all of one score: right, right, wrong, wrong, right, wrong of three. Precision is 1 up to
  // recall 2/3 (67 of 101 points), 3/5 behind. Of the dog nothing.
  const double cats = (67 + 34 * 0.6) / 101;
  for (const char* key : {"map50_95", "map50", "map75"})
    EXPECT_NEAR(json[key].get<double>(), cats / 2, 1e-9) << key;
  EXPECT_NEAR(json["ar100"].get<double>(), 0.5, 1e-9);
  EXPECT_NEAR(json["ar1"].get<double>(), 1.0 / 3, 1e-9) << "of the first box a picture";
  EXPECT_NEAR(json["precision"].get<double>(), 0.25, 1e-9);
  EXPECT_NEAR(json["recall"].get<double>(), 0.5, 1e-9);
  EXPECT_NEAR(json["map_small"].get<double>(), cats / 2, 1e-9);
  EXPECT_TRUE(json["map_large"].is_null()) << "no large object";
  EXPECT_EQ(json["images"], 3);
  EXPECT_EQ(json["instances"], 4);
  EXPECT_NEAR(json["per_class"][0]["map50_95"].get<double>(), cats, 1e-9);
  EXPECT_EQ(json["per_class"][1]["map50_95"], 0);
  EXPECT_EQ(json["confusion"]["counts"], (Json{{3, 0, 0}, {0, 0, 1}, {3, 0, 0}}));
}

TEST_F(Val, JsonIsTheContract) {
  const Json json = val_json();
  for (const char* key : {"map50_95", "map50", "map75", "ar100", "precision", "recall", "images",
                          "instances", "per_class", "interval95", "speed_ms"})
    EXPECT_TRUE(json.contains(key)) << key;
  EXPECT_EQ(keys(json["speed_ms"]), (Keys{"read", "preprocess", "inference", "postprocess"}));
  ASSERT_EQ(json["per_class"].size(), 2u);
  EXPECT_EQ(json["per_class"][1]["name"], "dog");
  EXPECT_EQ(json["per_class"][1]["instances"], 1);
  const Json& interval = json["interval95"]["map50_95"];
  ASSERT_EQ(interval.size(), 2u);
  EXPECT_LE(interval[0].get<double>(), json["map50_95"].get<double>());
  EXPECT_GE(interval[1].get<double>(), json["map50_95"].get<double>());
  EXPECT_TRUE(val_json({"--bootstrap", "0"})["interval95"]["map50_95"].is_null());
}

TEST_F(Val, TheSameForAnyNumberOfThreads) {
  for (int i = 0; i < 40; ++i) {
    picture("set/images/val/" + std::to_string(i) + ".png");
    if (i % 3) file("set/labels/val/" + std::to_string(i) + ".txt", i % 2 ? kLeftCat : kDog);
  }
  const auto numbers = [&](const char* threads) {
    Json json = val_json({"--threads", threads});
    for (const char* key : kOfTheRun) json.erase(key);
    return json;
  };
  const Json one = numbers("1");
  EXPECT_EQ(one, numbers("2"));
  EXPECT_EQ(one, numbers("7"));
}

TEST_F(Val, OneSetInThreeFormats) {
  const auto converted = [&](const char* to) {
    const Outcome outcome = run_shrike({"data", "convert", path("set/data.yaml"), "--to", to,
                                        "--out", path(to), "--split", "val"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
  };
  const auto numbers = [&](const std::string& data) {
    Json json = val_json({}, data);
    for (const char* key : kOfTheRun) json.erase(key);
    for (const char* key : {"data", "split"}) json.erase(key);
    return json;
  };
  const Json yolo = numbers("set/data.yaml");
  converted("coco");
  converted("voc");
  EXPECT_EQ(numbers("coco"), yolo);
  EXPECT_EQ(numbers("voc"), yolo);
}

TEST_F(Val, TableForAPerson) {
  const Outcome outcome = val({});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  for (const char* part :
       {"val: 3 pictures, 4 objects", "mAP 0.50:0.95", "0.433", "cat", "pictures/s"})
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << " in\n" << outcome.out;
}

TEST_F(Val, ClassesByNameAndByIndex) {
  data_yaml("Cat, DOG");
  EXPECT_EQ(val({}).code, 0);
  data_yaml("cat, owl");
  expect_refused(val({}), 3, {"owl", "2: cat, dog", "2: cat, owl", "--classes-by-index"});
  EXPECT_NEAR(val_json({"--classes-by-index"})["ar100"].get<double>(), 0.5, 1e-9);
  file("set/labels/val/c.txt", kLeftCat);
  data_yaml("cat");
  const Outcome fewer = val({"--json"});
  EXPECT_EQ(fewer.code, 0);
  EXPECT_NE(fewer.err.find("1 of the 2 classes"), std::string::npos) << fewer.err;
}

TEST_F(Val, AModelWithoutNames) {
  Result<Graph> graph = read_onnx(model_);
  ASSERT_TRUE(graph);
  graph->metadata.erase("names");
  const std::string nameless = path("nameless.onnx");
  ASSERT_TRUE(save_onnx(*graph, nameless));
  const std::vector<std::string> words = {
      "val", "--model", nameless, "--data", path("set/data.yaml"), "--json"};
  const Outcome done = run_shrike(words);
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_NE(done.err.find("its classes are taken to be the data set's"), std::string::npos)
      << done.err;
  // Not that anything is taken, and then that it is not.
  data_yaml("cat, dog, cow");
  const Outcome refused = run_shrike(words);
  expect_refused(refused, 3, {"names no classes", "--names"});
  EXPECT_EQ(refused.err.find("stand in"), std::string::npos) << refused.err;
  EXPECT_EQ(refused.err.find("taken"), std::string::npos) << refused.err;
}

TEST_F(Val, SavedBoxesAreCocos) {
  const std::string saved = path("boxes.json");
  EXPECT_EQ(val({"--save-json", saved}).code, 0);
  const Result<Json> boxes = parse_json(bytes_of(saved), saved);
  ASSERT_TRUE(boxes);
  ASSERT_EQ(boxes->size(), 6u);
  const Json& first = (*boxes)[0];
  EXPECT_EQ(keys(first), (Keys{"image_id", "category_id", "bbox", "score"}));
  EXPECT_EQ(first["image_id"], 0);
  EXPECT_NEAR(first["bbox"][2].get<double>(), 10, 0.01);
  EXPECT_NEAR(first["bbox"][3].get<double>(), 20, 0.01);
  expect_refused(val({"--save-json", path("none/boxes.json")}), 5, {"none/boxes.json"});
}

TEST_F(Val, ReportFolders) {
  EXPECT_EQ(val({"--report", path("report")}).code, 0);
  for (const char* name : {"index.html", "report.json", "summary.csv", "pr_curve.svg"})
    EXPECT_TRUE(fs::exists(at("report") / name)) << name;
  const Outcome compared = run_shrike(
      {"compare", model_, model_, "--data", path("set/data.yaml"), "--report", path("comparison")});
  EXPECT_EQ(compared.code, 0) << compared.err;
  EXPECT_TRUE(fs::exists(at("comparison/index.html")));
  file("taken", "a file");
  expect_refused(val({"--report", path("taken")}), 5, {"taken"});
}

TEST_F(Val, NothingThatIsReadIsReplaced) {
  const std::string yaml = path("set/data.yaml"), before = bytes_of(yaml);
  expect_refused(val({"--save-json", yaml}), 2, {yaml});
  expect_refused(val({"--save-json", model_}), 2, {model_});
  for (const char* own : {"set/labels/val/a.txt", "set/images/val/a.png", "set/list.txt"}) {
    file("set/list.txt", "images/val/a.png\nimages/val/b.png\n");
    file("listed.yaml", "path: set\nval: list.txt\nnames: [cat, dog]\n");
    const std::string bytes = bytes_of(at(own));
    expect_refused(val({"--save-json", path(own)}, "listed.yaml"), 2, {own});
    EXPECT_EQ(bytes_of(at(own)), bytes);
  }
  expect_refused(val({"--report", path("set/images/val")}), 2, {"set/images/val"});
  expect_refused(
      run_shrike({"compare", model_, model_, "--data", yaml, "--report", path("set/images/val/.")}),
      2, {"set/images/val"});
  EXPECT_EQ(bytes_of(yaml), before);
  EXPECT_EQ(names_in(at("set/images/val")), (std::vector<std::string>{"a.png", "b.png", "c.png"}));
}

TEST_F(Val, PicturesOverTheLimitAreLeftOut) {
  const Outcome outcome = val({"--max-pixels", "2047"});
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  EXPECT_NE(outcome.err.find("2047"), std::string::npos) << outcome.err;
  EXPECT_EQ(val({"--max-pixels", "2048"}).code, 0);
}

TEST_F(Val, APictureThatCannotBeReadIsNamedAndTheRestScored) {
  // The header is whole, the pixels are not.
  const std::string whole = bytes_of(at("set/images/val/b.png"));
  file("set/images/val/b.png", whole.substr(0, whole.size() / 2));
  const Outcome outcome = val({"--json"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_NE(outcome.err.find("val/b.png"), std::string::npos) << outcome.err;
  const std::vector<Json> lines = json_lines(outcome.out);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["images"], 2);
  EXPECT_EQ(lines[0]["skipped"].size(), 1u);
  file("set/images/val/b.png", "no picture at all");
  const Outcome worse = val({"--json"});
  EXPECT_EQ(worse.code, 3);
  EXPECT_NE(worse.err.find("b.png"), std::string::npos) << worse.err;
  EXPECT_EQ(json_lines(worse.out)[0]["images"], 2);
}

TEST_F(Val, BadRowsAreTold) {
  file("set/labels/val/b.txt", "7 0.5 0.5 0.1 0.1\nnot a row\n");
  const Outcome outcome = val({"--json"});
  EXPECT_EQ(outcome.code, 0) << "every picture was scored";
  EXPECT_NE(outcome.err.find("b.txt:1"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("b.txt:2"), std::string::npos) << outcome.err;
}

TEST_F(Val, BadDataSets) {
  expect_refused(run_shrike({"val", "--model", model_}), 2, {"--data"});
  expect_refused(val({"words"}), 2, {"words"});
  expect_refused(val({}, "none.yaml"), 3, {"none.yaml"});
  expect_refused(val({"--split", "tset"}), 3, {"tset"});
  file("folder.yaml", "path: .\nval: images/nowhere\nnames: [cat, dog]\n");
  expect_refused(val({}, "folder.yaml"), 3, {"folder.yaml", "nowhere"});
  ASSERT_TRUE(fs::create_directories(at("empty/images")));
  file("empty/data.yaml", "path: .\nval: images\nnames: [cat, dog]\n");
  expect_refused(val({}, "empty/data.yaml"), 3, {"empty"});
  file("broken.yaml", "val: [images\nnames");
  expect_refused(val({}, "broken.yaml"), 3, {"broken.yaml"});
  const auto coco = [&](const std::string& annotation) {
    return file("coco.json",
                R"({"images":[{"id":1,"file_name":"a.png","width":64,"height":32}],)"
                R"("categories":[{"id":1,"name":"cat"},{"id":5,"name":"dog"}],"annotations":[)" +
                    annotation + "]}");
  };
  picture("a.png");
  coco(R"({"id":1,"image_id":1,"category_id":5,"bbox":[1,2,3,4],"area":12,"iscrowd":0})");
  EXPECT_EQ(val({}, "coco.json").code, 0);
  coco(R"({"id":77,"image_id":9,"category_id":5,"bbox":[1,2,3,4],"area":12,"iscrowd":0})");
  expect_refused(val({}, "coco.json"), 3, {"coco.json", "77"});
  coco(R"({"id":77,"image_id":1,"category_id":2,"bbox":[1,2,3,4],"area":12,"iscrowd":0})");
  expect_refused(val({}, "coco.json"), 3, {"coco.json", "77"});
}

TEST_F(Val, Help) {
  for (const char* command : {"val", "compare"}) {
    const Outcome outcome = run_shrike({command, "--help"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_NE(outcome.out.find("--classes-by-index"), std::string::npos) << command;
  }
}

TEST_F(Val, BadModels) {
  expect_refused(run_shrike({"val", "--data", path("set/data.yaml"), "--model", path("no.onnx")}),
                 4, {"no.onnx"});
  expect_refused(val({"--conf", "7"}), 2, {"--conf"});
}

TEST_F(Val, SeedsAreWholeNumbersOf64Bits) {
  for (const char* seed : {"-1", "18446744073709551616", "99999999999999999999999", "1.5", "x"})
    expect_refused(val({"--seed", seed}), 2, {"--seed", seed});
  EXPECT_EQ(val({"--seed", "18446744073709551615"}).code, 0);
}

TEST_F(Val, PicturesAreForCocoOnly) {
  const auto options = std::vector<std::string>{"--pictures", path("set/images/val")};
  expect_refused(val(options), 2, {"--pictures", "data.yaml"});
  for (const char* to : {"coco", "voc"})
    ASSERT_EQ(run_shrike({"data", "convert", path("set/data.yaml"), "--to", to, "--out", path(to),
                          "--split", "val"})
                  .code,
              0);
  expect_refused(val(options, "voc"), 2, {"--pictures", "voc"});
  EXPECT_EQ(val(options, "coco").code, 0);
  expect_refused(run_shrike({"data", "check", path("voc"), options[0], options[1]}), 2,
                 {"--pictures", "voc"});
}

TEST_F(Val, AnInterruptWritesNothing) {
  for (int i = 0; i < 400; ++i)
    fs::create_hard_link(at("set/images/val/a.png"),
                         at("set/images/val/" + std::to_string(i) + ".png"));
  const Outcome outcome =
      run_shrike(Start{{"val", "--model", model_, "--data", path("set/data.yaml"), "--save-json",
                        path("boxes.json")},
                       {},
                       {},
                       at("set/data.yaml")});
  EXPECT_EQ(outcome.code, 130);
  EXPECT_EQ(outcome.out, "");
  EXPECT_FALSE(fs::exists(at("boxes.json")));
}

TEST_F(Val, CompareTellsNoDifferenceOfAModelAndItself) {
  const Outcome outcome =
      run_shrike({"compare", model_, model_, "--data", path("set/data.yaml"), "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const std::vector<Json> lines = json_lines(outcome.out);
  ASSERT_EQ(lines.size(), 1u);
  const Json& json = lines[0];
  EXPECT_EQ(json["a"]["map50_95"], val_json()["map50_95"]);
  EXPECT_EQ(json["b"]["map50_95"], json["a"]["map50_95"]);
  EXPECT_EQ(json["differences"]["map50_95"]["difference"], 0);
  EXPECT_EQ(json["differences"]["map50_95"]["interval95"], (Json{0.0, 0.0}));
  EXPECT_EQ(json["verdict"].get<std::string>().rfind("no difference", 0), 0u);
  const Outcome table = run_shrike({"compare", model_, model_, "--data", path("set/data.yaml")});
  EXPECT_EQ(table.code, 0);
  EXPECT_NE(table.out.find("no difference in mAP 0.50:0.95 can be told on 3 pictures"),
            std::string::npos);
}

TEST_F(Val, CompareNeedsTwoModels) {
  expect_refused(run_shrike({"compare", model_, "--data", path("set/data.yaml")}), 2,
                 {"two models"});
  expect_refused(run_shrike({"compare", model_, path("no.onnx"), "--data", path("set/data.yaml")}),
                 4, {"no.onnx"});
}

}  // namespace
}  // namespace shrike::testing
