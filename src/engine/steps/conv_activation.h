// A convolution and the function behind it as one step, where the node has no place for it: behind
// a residual, which is added before (ResNet's order), and behind a transposed convolution.
#pragma once

#include "engine/planner.h"

namespace shrike {

// Whether the nodes are such a convolution, which kernels compute, and a function that they apply.
bool can_activate(Planner& planner, const Node& conv, const Node& function);

void conv_activation_emit(Planner& planner, const Node& conv, const Node& function);
void conv_transpose_activation_emit(Planner& planner, const Node& conv, const Node& function);

}  // namespace shrike
