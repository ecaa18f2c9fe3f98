// What val and compare found, as the report folder takes it.
#pragma once

#include <string>

#include "cli/validation_options.h"
#include "report/report.h"

namespace shrike {

// The run that the numbers come from.
struct ValidationRun {
  const Dataset& dataset;
  const ValidationOptions& options;
  int threads = 1;
  std::string arithmetic = "fp32";  // precision_option.h
};

ReportModel report_model(const std::string& name, const Validation& validation,
                         const SummaryIntervals& intervals);

// With detections kept, pictures: those are drawn that the numbers at the best F1 count.
ReportData validation_report(const ValidationRun& run, const Validation& validation,
                             ReportModel model, const std::string& network);

// `a` and `b`: with the numbers of `validation` and of the second model on the same pictures.
ComparisonData comparison_report(const ValidationRun& run, const Validation& validation,
                                 ReportModel a, ReportModel b,
                                 const SummaryDifferences& differences);

// "B is better by 1.20 points of mAP 0.50:0.95 (0.30 to 2.10)" where the 95 % interval does not
// hold 0, else "no difference in mAP 0.50:0.95 can be told on 87 pictures: B - A is +0.40 points
// (-0.20 to +1.00)". A point is a hundredth.
std::string comparison_verdict(const SummaryDifferences& differences, size_t pictures);

}  // namespace shrike
