#include "engine/conv_choice.h"

#include "kernels/conv/conv.h"

namespace shrike {

ConvChoice choose_by_estimate(const kernels::ConvProblem& problem) {
  const auto rows = kernels::select_kernel(kernels::conv_kernels(), problem);
  ConvChoice choice{rows.kernel, rows.kernel, {}};
  for (const kernels::Declined& row : rows.declined)
    choice.declined.push_back({row.kernel, row.reason});
  return choice;
}

bool is_by_estimate(const ChooseConv& choose) {
  const auto* function = choose.target<ConvChoice (*)(const kernels::ConvProblem&)>();
  return function && *function == choose_by_estimate;
}

}  // namespace shrike
