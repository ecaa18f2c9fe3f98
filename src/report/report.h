// The report of a validation, and of a comparison of two models: a folder of
//
//   index.html       one page that holds everything: no script, nothing fetched from elsewhere
//   report.json      every number; null where there is none
//   summary.csv, per_class.csv, curves.csv, confusion.csv      RFC 4180
//   <chart>.svg, <chart>.png     pr_curve, f1_curve, precision_curve, recall_curve,
//   confusion_matrix,
//                                class_scores, class_instances
//   pictures.jpg     truth and predictions side by side
//
// A comparison has index.html, report.json, summary.csv, per_class.csv and its charts. Names of
// classes, files and models may hold any bytes. The same data gives the same bytes.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "eval/bootstrap.h"
#include "eval/confusion.h"
#include "eval/scores.h"
#include "report/page.h"
#include "vision/box.h"
#include "vision/image.h"
#include "vision/truth.h"

namespace shrike {

// Milliseconds a picture, the mean.
struct ReportSpeed {
  std::optional<double> read_ms;  // from the file to pixels
  std::optional<double> preprocess_ms, inference_ms, postprocess_ms;
};

// One model's results.
struct ReportModel {
  std::string name;
  Scores scores;
  SummaryIntervals intervals;
  ReportSpeed speed;
};

// A picture to be shown; read through ReportData::read_picture when its turn comes.
struct ReportPicture {
  std::filesystem::path path;
  std::vector<Detection> detections;  // those to be drawn: over the confidence of interest
  std::vector<Truth> truth;
};

struct ReportData {
  ReportHead head;
  ReportModel model;
  std::vector<std::string> names;  // of the data set's classes
  ConfusionMatrix confusion{0};    // of 0 classes: left out
  ConfusionOptions confusion_options;
  // At most kMostPictures are shown: choose.h helps to pick them. One is in memory at a time.
  std::vector<ReportPicture> pictures;
  // A picture it cannot read is shown as an empty frame with the reason.
  std::function<Result<Image>(const std::filesystem::path&)> read_picture;
};

inline constexpr size_t kMostPictures = 16;

// Makes the folder; files of these names in it are replaced, others are left alone. The files come
// together or, where one cannot be written, not at all (together.h). Errors name the file: kRuntime
// where it cannot be written.
Result<void> write_report(const std::filesystem::path& folder, const ReportData& data);

struct ComparisonData {
  ReportHead head;
  ReportModel a, b;                // scored on the same pictures
  SummaryDifferences differences;  // b - a
  std::string verdict;             // a sentence, as the command line prints it
  std::vector<std::string> names;
};

// As write_report.
Result<void> write_comparison(const std::filesystem::path& folder, const ComparisonData& data);

}  // namespace shrike
