// The --precision option of every command that runs a network.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "base/result.h"
#include "kernels/precision.h"

namespace shrike {

inline constexpr const char* kFullPrecision = "fp32";

void add_precision_option(CLI::App& app, std::string& precision);

// What the option says. Where the processor is not faster by rounding, nothing will be rounded:
// that is said on standard error.
Result<kernels::Precision> parse_precision(const std::string& text);

// For results: what products are computed in here where the option says `precision`, "fp32" or
// "bf16", and whether --tune chose kernels.
std::string arithmetic(const std::string& precision, bool tune);

}  // namespace shrike
