// Which kernel a convolution gets: by the table's own estimates, or by what kernels were measured
// to take (tuning.h).
#pragma once

#include <functional>
#include <vector>

#include "engine/plan.h"
#include "kernels/precision.h"

namespace shrike::kernels {
struct ConvKernel;
struct ConvProblem;
}  // namespace shrike::kernels

namespace shrike {

struct ConvChoice {
  const kernels::ConvKernel* kernel;
  const kernels::ConvKernel* estimated;  // what choose_by_estimate answers
  std::vector<DeclinedWay> declined;
};

// Must answer the same for the same problem.
using ChooseConv = std::function<ConvChoice(const kernels::ConvProblem&)>;

// The first row of the table that does not refuse.
ConvChoice choose_by_estimate(const kernels::ConvProblem& problem);
// Whether that is what chooses.
bool is_by_estimate(const ChooseConv& choose);

}  // namespace shrike
