// A 1x1 convolution and the depthwise one that alone reads it as one step, some channels at a time
// (kernels/conv/conv_panels.h): of the map between there are as many as a core's own caches hold.
#pragma once

#include "engine/planner.h"

namespace shrike {

// Whether the node is a convolution with one output for each input channel that adds no map.
bool is_depthwise(Planner& planner, const Node& node);

// Null, or why a node and a depthwise one, which alone reads what it makes, are no such step.
const char* panels_refuse(Planner& planner, const Node& pointwise, const Node& depthwise);

void conv_panels_emit(Planner& planner, const Node& pointwise, const Node& depthwise);

}  // namespace shrike
