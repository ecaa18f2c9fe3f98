// A run's curves: a page with losses, scores and rate over the epochs, and each chart as SVG and
// PNG.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "train_cli/results_table.h"

namespace shrike {

// Into a folder that is there: index.html, and losses, scores and rate as .svg and .png. Errors
// name the file.
Result<void> write_curves(const std::filesystem::path& folder, const std::string& title,
                          const ResultsTable& table);

}  // namespace shrike
