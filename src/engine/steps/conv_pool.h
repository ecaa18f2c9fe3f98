// A convolution and the pooling behind it as one step (kernels/conv/conv_pool.h).
#pragma once

#include "engine/planner.h"

namespace shrike {

// Whether the node is a MaxPool of floats with 2 x 2 windows at stride 2 that divide the map.
bool is_halving_pool(const Planner& planner, const Node& node);
// Whether the node is a convolution whose kernel has a form with such a pooling.
bool can_pool(Planner& planner, const Node& conv);
// Whether one of the kernels has that it could get (kernels::conv_candidates).
bool could_pool(Planner& planner, const Node& conv);

void conv_pool_emit(Planner& planner, const Node& conv, const Node& pool);

}  // namespace shrike
