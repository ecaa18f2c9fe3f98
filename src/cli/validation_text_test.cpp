#include "cli/validation_text.h"

#include <gtest/gtest.h>

#include "formats/json.h"

namespace shrike {
namespace {

class ValidationText : public testing::Test {
 protected:
  ValidationText() {
    dataset_.source = "data.yaml";
    dataset_.split = "val";
    dataset_.names = {"cat", "a\ndog", "owl"};
    dataset_.samples.resize(3);
    dataset_.samples[1].picture = "b.jpg";
    validation_.scored = {0, 2};
    validation_.skipped = {{1, "b.jpg: not a picture"}};
    validation_.confusion = ConfusionMatrix(3);
    validation_.speed = {1, 20, 0.5};
    validation_.read_ms = 3;
    Scores& scores = validation_.scores;
    scores.images = 2;
    scores.instances = 7;
    scores.summary.map50_95 = 0.4996;
    scores.at_best = {0.25, 0.5, 0.75, 0.6};
    for (int c = 0; c < 3; ++c) {
      ClassScores row;
      row.class_id = c;
      if (c < 2) row.instances = 3 + static_cast<uint64_t>(c);
      scores.classes.push_back(row);
    }
    intervals_.map50_95 = Interval{0.4, 0.6};
  }

  std::string text(bool as_json) const {
    const ValidationRun run{dataset_, options_, 2};
    const ReportData report = validation_report(
        run, validation_, report_model("m.onnx", validation_, intervals_), "a network");
    const RunSpeed speed{0.5, 2, 99};
    return as_json ? validation_json(run, validation_, report, speed)
                   : validation_text(run, validation_, report, speed);
  }

  ComparisonData comparison() const {
    ReportModel b = report_model("b.onnx", validation_, {});
    b.scores.summary.map50_95 = 0.5116;
    SummaryDifferences differences;
    differences.map50_95 = PairedDifference{0.012, {0.003, 0.021}, 0.75};
    return comparison_report({dataset_, options_, 2}, validation_,
                             report_model("a.onnx", validation_, {}), b, differences);
  }

  Dataset dataset_;
  Validation validation_;
  ValidationOptions options_;
  SummaryIntervals intervals_;
};

TEST_F(ValidationText, Json) {
  const Result<Json> parsed = parse_json(text(true), "text");
  ASSERT_TRUE(parsed) << parsed.error().message;
  const Json& json = *parsed;
  EXPECT_EQ(json["model"], "m.onnx");
  EXPECT_EQ(json["data"], "data.yaml");
  EXPECT_EQ(json["split"], "val");
  EXPECT_EQ(json["map50_95"], 0.4996);
  EXPECT_TRUE(json["map50"].is_null()) << "no number is not 0";
  EXPECT_EQ(json["precision"], 0.5);
  EXPECT_EQ(json["images"], 2);
  EXPECT_EQ(json["instances"], 7);
  EXPECT_EQ(json["interval95"]["map50_95"], (Json{0.4, 0.6}));
  EXPECT_TRUE(json["interval95"]["recall"].is_null());
  EXPECT_EQ(json["skipped"][0]["image"], "b.jpg");
  ASSERT_EQ(json["per_class"].size(), 3u);
  EXPECT_EQ(json["per_class"][1]["name"], "a\ndog");
  EXPECT_EQ(json["confusion"]["counts"][0], (Json{0, 0, 0, 0}));
  EXPECT_EQ(json["speed_ms"]["read"], 3);
  EXPECT_EQ(json["speed_ms"]["inference"], 20);
  EXPECT_EQ(json["images_per_second"], 4);
  EXPECT_EQ(json["threads"], 2);
  EXPECT_EQ(json["peak_rss_mb"], 99);
}

TEST_F(ValidationText, NothingThatCounts) {
  validation_.scores = Scores{};
  validation_.confusion = ConfusionMatrix(0);
  const Result<Json> parsed = parse_json(text(true), "text");
  ASSERT_TRUE(parsed);
  for (const char* key : {"map50_95", "precision", "recall", "f1", "confidence", "confusion"})
    EXPECT_TRUE((*parsed)[key].is_null()) << key;
  EXPECT_NE(text(false).find("mAP 0.50:0.95              -"), std::string::npos) << text(false);
}

TEST_F(ValidationText, ForAPerson) {
  const std::string said = text(false);
  for (const char* part :
       {"m.onnx on data.yaml, val: 2 pictures, 7 objects\n", "0.500  0.400 to 0.600\n", "\ncat ",
        "\na\\ndog ", "1 of 3 classes have no objects in this split\n",
        "4.0 pictures/s with 2 threads\n"})
    EXPECT_NE(said.find(part), std::string::npos) << part << "\nin\n" << said;
  EXPECT_EQ(said.find("owl"), std::string::npos);
}

TEST_F(ValidationText, Comparison) {
  const std::string said = comparison_text(comparison(), {0.5, 2, 99});
  for (const char* part : {"A a.onnx\nB b.onnx\non data.yaml, val: 2 pictures, 7 objects\n",
                           "0.500  0.512      +0.012  +0.003 to +0.021", "with 2 threads",
                           "\n\nB is better by 1.20 points of mAP 0.50:0.95 (0.30 to 2.10)\n"})
    EXPECT_NE(said.find(part), std::string::npos) << part << "\nin\n" << said;
  const Result<Json> json = parse_json(comparison_json_line(comparison(), {0.5, 2, 99}), "text");
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["a"]["model"], "a.onnx");
  EXPECT_EQ((*json)["b"]["map50_95"], 0.5116);
  EXPECT_EQ((*json)["differences"]["map50_95"]["difference"], 0.012);
  EXPECT_EQ((*json)["differences"]["map50_95"]["interval95"], (Json{0.003, 0.021}));
  EXPECT_EQ((*json)["threads"], 2);
}

}  // namespace
}  // namespace shrike
