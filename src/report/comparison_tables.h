// The tables and the JSON of a comparison of two models, for its page, its files and `shrike
// compare`.
#pragma once

#include <optional>
#include <vector>

#include "formats/json.h"
#include "report/report.h"
#include "report/table.h"

namespace shrike {

// In the order of summary_numbers() (score_tables.h); those that have no difference are empty.
std::vector<std::optional<PairedDifference>> differences_of(const SummaryDifferences& differences);

// The headline numbers of both models, their differences with intervals.
Table comparison_page_table(const ComparisonData& data);
// name, a, b, difference, low95, high95, share_above_zero.
Table comparison_file_table(const ComparisonData& data);

// One row a class of both models; the columns are named for a page or for a file.
Table class_comparison_page_table(const ComparisonData& data);
Table class_comparison_file_table(const ComparisonData& data);

Table speed_comparison(const ComparisonData& data);

// The head, "verdict", "a" and "b" as scores_json() has them with "model", "differences":
// {"map50_95": {"difference", "interval95", "share_above_zero"}, ...}.
Json comparison_json(const ComparisonData& data);

}  // namespace shrike
