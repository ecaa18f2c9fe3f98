// How long a network's convolutions take on this machine, in floats and in integers.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "quantize/place.h"

namespace shrike {

// Milliseconds of one picture on one thread: the least of several runs, step by step.
struct NetworkTimes {
  std::map<ValueId, double> convs;  // by output, what stands for the convolution and its activation
  double all = 0;                   // the raw maps from the picture: conversions between types too
};

// Of `network` with each of the plans; an empty one leaves floats. They are run in turn, so that
// what else the machine does is the same for all. `proceed` is asked before each run. Errors: as
// Session's.
Result<std::vector<NetworkTimes>> measure_times(const Graph& network,
                                                std::span<const IntegerPlan> plans,
                                                const std::function<bool()>& proceed);

// Milliseconds of each node of `network`, a graph that a Session takes, on one thread: the least of
// several runs.
Result<std::vector<double>> measure_nodes(Graph network, const std::function<bool()>& proceed);

}  // namespace shrike
