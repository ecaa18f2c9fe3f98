// A 1x1 convolution, the depthwise one that alone reads it and the 1x1 one behind that as one step
// of two threads: each computes half of the channels between, all three layers, and the sums of the
// two are added in the end. So nothing between changes hands, and each thread reads half of the
// weights. The last layer's kernel makes its sums of two halves whatever the number of threads
// (ConvProblem::half), so that bits are those of the layers by themselves.
#pragma once

#include "engine/planner.h"

namespace shrike {

// Null, or why three nodes, of which the first two are read by the next one alone, are no such
// step.
const char* halves_refuse(Planner& planner, const Node& first, const Node& depthwise,
                          const Node& last);

void conv_halves_emit(Planner& planner, const Node& first, const Node& depthwise, const Node& last);

}  // namespace shrike
