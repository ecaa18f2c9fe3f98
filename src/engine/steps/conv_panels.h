// A 1x1 convolution and the depthwise one that alone reads it as one step, some channels at a time
// (kernels/conv/conv_panels.h): of the map between there are as many as a core's own caches hold.
#pragma once

#include "engine/planner.h"

namespace shrike {

// Of a map between: less stays in a second cache level of that size anyway, or of 1 MB where it is
// not known (docs/decisions/037-sliding-windows.md, 044-near-maps-and-even-rows.md).
int64_t least_panel_bytes(int64_t l2_bytes);

// Null, or why a node and a depthwise one, which alone reads what it makes, are no such step.
const char* panels_refuse(Planner& planner, const Node& pointwise, const Node& depthwise);

void conv_panels_emit(Planner& planner, const Node& pointwise, const Node& depthwise);

}  // namespace shrike
