// Which of the plans that choose_types() (mixed.h) finds, by what the whole network takes with
// them: between types tensors are converted, which no single layer's time shows.
#pragma once

#include "calibrate/mixed.h"
#include "calibrate/no_slower.h"

namespace shrike {

// Where the plan that options.ms makes the fastest is no faster as a whole than 8 bits everywhere,
// options.ms no longer has layers that are faster in floats. Errors: what `time` gives.
Result<void> prefer_floats_that_pay(const Calibration& bytes, MixedOptions& options,
                                    const TimePlans& time);

// A search with 16 bits and, where some layers have these in the end, one with floats in their
// place. Of two that reach options.max_drop the one is taken that leaves more layers in 8 bits; the
// faster one where they leave as many, or where the one with 16 bits is slower than floats
// everywhere. `looks` are those of both, the plan that both begin with judged once. Where `time` is
// null there is the first search alone. Errors: those of choose_types(), and what `time` gives.
Result<MixedChoice> choose_by_whole(const Calibration& bytes,
                                    const std::map<ValueId, LayerSensitivity>& layers,
                                    MixedOptions options, const TimePlans& time);

}  // namespace shrike
