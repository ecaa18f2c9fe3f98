// What val and compare print: one JSON object, or tables for a person.
#pragma once

#include <optional>
#include <string>

#include "cli/validation_report.h"

namespace shrike {

// How the run went, for the last line.
struct RunSpeed {
  // The pictures took, from the first to the last; nothing where other processes had a share.
  std::optional<double> seconds;
  int threads = 1;
  double peak_rss_mb = 0;
};

// Fractions 0..1, null where there is no number; one line.
// {"model","data","split", what scores_json() gives (report/score_json.h), "skipped":
// [{"image","reason"}],"confusion": confusion_json() or null,"images_per_second" or null,
// "threads","peak_rss_mb"}
std::string validation_json(const ValidationRun& run, const Validation& validation,
                            const ReportData& report, const RunSpeed& speed);

// The headline numbers with intervals, the classes that have objects, the times.
std::string validation_text(const ValidationRun& run, const Validation& validation,
                            const ReportData& report, const RunSpeed& speed);

// comparison_json() (report/comparison_tables.h) and "threads"; one line.
std::string comparison_json_line(const ComparisonData& report, const RunSpeed& speed);

// The headline numbers and differences of "A" and "B", the times, the verdict last.
std::string comparison_text(const ComparisonData& report, const RunSpeed& speed);

}  // namespace shrike
