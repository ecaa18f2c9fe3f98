#include "cli/validation_report.h"

#include <gtest/gtest.h>

#include <tuple>

namespace shrike {
namespace {

SummaryDifferences differences(double difference, double low, double high) {
  SummaryDifferences all;
  all.map50_95 = PairedDifference{difference, {low, high}, 0.75};
  return all;
}

TEST(ComparisonVerdict, OnlyWhatTheIntervalAllows) {
  EXPECT_EQ(comparison_verdict(differences(0.012, 0.003, 0.021), 87),
            "B is better by 1.20 points of mAP 0.50:0.95 (0.30 to 2.10)");
  EXPECT_EQ(comparison_verdict(differences(-0.012, -0.021, -0.003), 87),
            "A is better by 1.20 points of mAP 0.50:0.95 (0.30 to 2.10)");
  EXPECT_EQ(comparison_verdict(differences(0.004, -0.002, 0.01), 87),
            "no difference in mAP 0.50:0.95 can be told on 87 pictures: B - A is +0.40 points "
            "(-0.20 to +1.00)");
  EXPECT_EQ(comparison_verdict(differences(0, 0, 0), 87).rfind("no difference", 0), 0u);
  EXPECT_EQ(comparison_verdict({}, 87).rfind("nothing to compare", 0), 0u);
}

class ValidationReport : public testing::Test {
 protected:
  // Picture 0 is right, 1 misses one of two objects, 2 sees two things that are not there.
  ValidationReport() {
    dataset_.source = "sets/cells/data.yaml";
    dataset_.split = "val";
    dataset_.names = {"cat"};
    const Truth left{0, 0, 10, 10, 100, 0}, right{20, 0, 10, 10, 100, 0};
    for (const std::vector<Truth>& truth : {std::vector{left}, std::vector{left, right}, {}}) {
      Sample sample;
      sample.picture = std::to_string(dataset_.samples.size()) + ".png";
      sample.truth = truth;
      dataset_.samples.push_back(sample);
    }
    const Detection found{{0, 0, 10, 10}, 0.9f, 0}, weak{{0, 0, 5, 5}, 0.01f, 0};
    validation_.detections = {{found, weak}, {found}, {found, found}};
    for (size_t i = 0; i < 3; ++i) {
      validation_.scored.push_back(i);
      validation_.matches.push_back(
          match_picture(validation_.detections[i], dataset_.samples[i].truth));
    }
    validation_.scores = score(validation_.matches, 1);
    validation_.speed = {1, 20, 0.5};
    validation_.read_ms = 3;
  }

  ReportData report() const {
    return validation_report({dataset_, options_, 2, "bf16"}, validation_,
                             report_model("m.onnx", validation_, {}), "a network");
  }

  Dataset dataset_;
  Validation validation_;
  ValidationOptions options_;
};

TEST_F(ValidationReport, TellsWhereTheNumbersComeFrom) {
  validation_.skipped = {{7, "x.jpg: no picture"}};
  dataset_.findings = {{FindingKind::kMalformedRow, "labels/a.txt", 3, "no number"}};
  const ReportData data = report();
  EXPECT_EQ(data.head.title, "m.onnx on cells");
  EXPECT_EQ(data.head.data, "sets/cells/data.yaml, val");
  EXPECT_EQ(data.head.facts[0].value, "a network");
  EXPECT_EQ(data.head.facts.back().name, "Arithmetic");
  EXPECT_EQ(data.head.facts.back().value, "bf16");
  ASSERT_EQ(data.head.notes.size(), 2u);
  EXPECT_NE(data.head.notes[0].find("x.jpg: no picture"), std::string::npos);
  EXPECT_NE(data.head.notes[1].find("labels/a.txt:3"), std::string::npos);
  EXPECT_EQ(data.model.speed.read_ms, 3);
  EXPECT_EQ(data.model.speed.inference_ms, 20);
}

TEST_F(ValidationReport, TheTitleNamesTheDataSet) {
  const std::filesystem::path here = std::filesystem::current_path();
  for (const auto& [format, source, name] :
       {std::tuple{DatasetFormat::kYolo, here / "data.yaml", here.filename()},
        {DatasetFormat::kYolo, "data.yaml", here.filename()},
        {DatasetFormat::kCoco, "sets/instances_val.json", "instances_val"},
        {DatasetFormat::kVoc, "sets/cells.v2", "cells.v2"},
        {DatasetFormat::kVoc, "sets/cells/", "cells"},
        {DatasetFormat::kVoc, ".", here.filename()}}) {
    dataset_.format = format;
    dataset_.source = source;
    EXPECT_EQ(report().head.title, "m.onnx on " + name.string()) << source;
  }
}

TEST_F(ValidationReport, TheWorstPicturesComeFirst) {
  const ReportData data = report();
  ASSERT_EQ(data.pictures.size(), 3u);
  EXPECT_EQ(data.pictures[0].path, "2.png");
  EXPECT_EQ(data.pictures[1].path, "1.png");
  EXPECT_EQ(data.pictures[1].truth.size(), 2u);
  EXPECT_EQ(data.pictures[2].path, "0.png");
  EXPECT_EQ(data.pictures[2].detections.size(), 1u) << "none below the best confidence";
  validation_.detections.clear();
  EXPECT_TRUE(report().pictures.empty()) << "nothing kept";
}

}  // namespace
}  // namespace shrike
