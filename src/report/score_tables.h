// The tables of a model's scores: for the page with intervals in words, for files with numbers
// only.
#pragma once

#include <span>
#include <string>

#include "eval/confusion.h"
#include "report/report.h"
#include "report/table.h"

namespace shrike {

// COCO's twelve numbers and those at the best F1.
inline constexpr int kSummaryNumbers = kHeadlines + 4;

// One of them: its name in files, on a page, its value and interval.
struct SummaryNumber {
  std::string key;    // "map50_95"
  std::string title;  // "mAP 0.50:0.95"
  std::optional<double> value;
  std::optional<Interval> interval;
};

// All of them, in one order; the last is the confidence of the best F1, which has no interval.
std::vector<SummaryNumber> summary_numbers(const ReportModel& model);

// "0.480 to 0.545"; empty where there is none.
std::string interval_text(const std::optional<Interval>& interval, int digits);

Table summary_page_table(const ReportModel& model);
// name, value, low95, high95.
Table summary_file_table(const ReportModel& model);

// A row for each class; those without an object that counts have no numbers.
Table class_page_table(const Scores& scores, std::span<const std::string> names);
Table class_file_table(const Scores& scores, std::span<const std::string> names);

// curve, class_id, class, x, y: precision over recall and F1, precision and recall over confidence,
// to six decimals; "all" is the mean of the classes that have objects. At about 110 points each.
Table curves_file_table(const Scores& scores, std::span<const std::string> names);

Table speed_table(const ReportSpeed& speed);

// The pairs of different classes, or of a class and background, that occur most: at most `limit`.
Table confused_pairs_table(const ConfusionMatrix& matrix, std::span<const std::string> names,
                           size_t limit);
// All counts: a row for each truth, a column for each prediction, "background" last.
Table confusion_file_table(const ConfusionMatrix& matrix, std::span<const std::string> names);

// Means of the classes that have objects of precision at each recall, at IoU 0.50.
std::array<double, kRecallPoints> mean_precision_at_recall(const Scores& scores);

}  // namespace shrike
