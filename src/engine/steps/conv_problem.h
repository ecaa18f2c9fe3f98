// What a Conv or QConv node is to the kernels. Requires that its family does not refuse it.
#pragma once

#include "engine/planner.h"
#include "kernels/conv/conv.h"

namespace shrike {

kernels::ConvProblem conv_problem(const Planner& planner, const Node& node);

// Of a QConv: null, or that its weights are computed or a scale is none to compute with.
const char* refuse_integer_weights(const Planner& planner, const Node& node);

}  // namespace shrike
