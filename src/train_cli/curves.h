// A run's curves: a page with losses, scores and rate over the epochs, and each chart as SVG and
// PNG.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "train_cli/results_table.h"

namespace shrike {

// The charts' names, without endings.
inline constexpr const char* kLossesChart = "losses";
inline constexpr const char* kScoresChart = "scores";
inline constexpr const char* kRateChart = "rate";

// Into a folder that is there: index.html, and each chart as .svg and .png. Errors name the file.
Result<void> write_curves(const std::filesystem::path& folder, const std::string& title,
                          const ResultsTable& table);

}  // namespace shrike
