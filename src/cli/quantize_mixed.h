// quantize --to mixed: what layers are timed and judged by.
#pragma once

#include <optional>
#include <vector>

#include "calibrate/mixed.h"
#include "cli/change_judge.h"
#include "cli/quantize_report.h"
#include "cli/quantize_times.h"

namespace shrike {

struct MixedRequest {
  double max_drop = 0;                // AP points
  const TimesTable* times = nullptr;  // of the machine meant; null: measured here
};

struct MixedNetwork {
  IntegerPlan plan;
  std::vector<QuantizedLayer> layers;
  TimedWhole timed;
  std::vector<double> looks;        // AP points that `judging` says each plan loses, in turn
};

// Of a calibration in 8 bits. `calibrating` is asked for each layer's effect on AP, `judging` for
// what may be lost. Where times are measured here, the whole is no slower than floats, for which it
// may end without integers; layers that are floats for it are said on standard error. Errors: as
// theirs and times_of()'s; kRuntime once interrupted().
Result<MixedNetwork> mix_types(const Calibration& bytes, const CalibrationOptions& options,
                               ChangeJudge& calibrating, ChangeJudge& judging,
                               const MixedRequest& request);

}  // namespace shrike
