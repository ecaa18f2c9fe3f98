// The options of `shrike quantize`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/model_option.h"
#include "cli/quantize_sets.h"
#include "cli/validation_options.h"

namespace shrike {

enum class QuantizeTarget : uint8_t { kInt8, kInt16, kInt16x8, kFp16, kMixed };

struct QuantizeCommand {
  ModelOption model;
  ValidationOptions validation;
  CalibrationSplit calibration;
  std::string size, names_file, without, out, times, to = "int8";
  double max_drop = -1;  // points; below 0: any
  int64_t weight_bits = 8;  // of --to int8, int16x8
  int threads = 0;
  bool json = false;

  QuantizeTarget target = QuantizeTarget::kInt8;  // `to`
  std::vector<std::string> skip;                  // `without`: passes of the calibration
};

// From the words behind `quantize`; nothing where help was asked for. Errors (kUsage): those of
// parse_arguments(), what is missing, and what would do nothing.
Result<std::optional<QuantizeCommand>> parse_quantize_options(const Words& words);

}  // namespace shrike
