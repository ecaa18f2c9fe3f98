// What a Conv node is to the kernels. Requires that conv_refuse() takes it.
#pragma once

#include "engine/planner.h"
#include "kernels/conv/conv.h"

namespace shrike {

kernels::ConvProblem conv_problem(const Planner& planner, const Node& node);

}  // namespace shrike
