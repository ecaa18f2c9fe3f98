// A plan whose network as a whole takes no longer than floats, on the machine that is asked.
//
// That each convolution is faster in integers does not say that the network is: between types
// tensors are converted.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "calibrate/layer_times.h"

namespace shrike {

// What measure_times() gives of the plans.
using TimePlans =
    std::function<Result<std::vector<NetworkTimes>>(std::span<const IntegerPlan> plans)>;

struct TimedPlan {
  IntegerPlan plan;
  double ms_floats = 0, ms = 0;  // of the whole network; the same where no integers are left
};

// Times the plan beside floats until it is no slower. As long as it is, units (units.h) become
// floats again: those whose convolutions lose, and the quarter of all that wins least; the end may
// be a plan of nothing. Errors: what `time` gives.
Result<TimedPlan> no_slower(const Graph& network, IntegerPlan plan, const TimePlans& time);

}  // namespace shrike
