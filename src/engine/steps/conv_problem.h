// What a Conv or QConv node is to the kernels. Requires that its family does not refuse it.
#pragma once

#include "engine/planner.h"
#include "kernels/conv/conv.h"

namespace shrike {

kernels::ConvProblem conv_problem(const Planner& planner, const Node& node);

}  // namespace shrike
