// What it costs on this machine that one type follows another.
#pragma once

#include "calibrate/exceptions.h"
#include "calibrate/layer_times.h"

namespace shrike {

// The plan without every other one of its units that have convolutions (units.h): what follows
// another type as often as can be.
IntegerPlan every_other(const Graph& network, const IntegerPlan& plan);

// Of a value, from times of the network in floats, as `plan` says, and as every_other() of it says:
// what all steps beside the convolutions take longer there than in the slower of the others, and
// what convolutions take longer that write floats there and integers otherwise. At least 0.
ConversionMs conversion_ms(const Graph& network, const IntegerPlan& plan,
                           const NetworkTimes& floats, const NetworkTimes& integers,
                           const NetworkTimes& alternating);

}  // namespace shrike
