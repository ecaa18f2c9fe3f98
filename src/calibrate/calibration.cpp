#include "calibrate/calibration.h"

#include <algorithm>

#include "calibrate/passes.h"

namespace shrike {

namespace {

constexpr CalibrationPass kPasses[] = {
    {"equalise_channels", "channels between convolutions of much the same range",
     equalise_channels},
    {"measure_values", "how often each tensor has which values", measure_values, true},
    {"choose_ranges", "what 256 steps stand for, by the error they leave", choose_ranges},
    {"keep_floats", "tensors that 256 steps are too few for, where few products read them",
     keep_floats},
    {"round_weights", "weights rounded for the least change of a layer's output", round_weights},
    {"correct_biases", "each channel's mean as it is in floats", correct_biases},
};

}  // namespace

std::span<const CalibrationPass> calibration_passes() { return kPasses; }

Result<Calibration> calibrate(Graph network, const CalibrationOptions& options) {
  Calibration calibration{std::move(network), {}, {}};
  for (const CalibrationPass& pass : kPasses) {
    if (!pass.needed &&
        std::find(options.skip.begin(), options.skip.end(), pass.name) != options.skip.end())
      continue;
    if (Result<void> result = pass.run(calibration, options); !result)
      return in_context(std::string(pass.name), result.error());
  }
  return calibration;
}

Result<Graph> in_integers(const Calibration& calibration) {
  Graph graph = calibration.network;
  SHRIKE_TRY(place_integers(graph, calibration.plan));
  return graph;
}

}  // namespace shrike
