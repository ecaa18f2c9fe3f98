// How much each convolution changes a network when it alone becomes integers.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "calibrate/calibration.h"

namespace shrike {

// AP points that a network loses, which place_integers made.
using PointsLost = std::function<Result<double>(const Graph& integers)>;

struct LayerSensitivity {
  double error = 0;              // of the outputs (output_error.h)
  std::optional<double> points;  // AP points lost
};

// By the convolution's output. Each is placed alone, with its weights and its input's integers;
// `points_lost` is asked where there is one. Requires at least one picture. Errors: as show()'s, or
// what `points_lost` gives.
Result<std::map<ValueId, LayerSensitivity>> sensitivity_of(const Calibration& calibration,
                                                           const CalibrationOptions& options,
                                                           const PointsLost& points_lost);

}  // namespace shrike
