#include "kernels/conv/candidates.h"

#include <algorithm>

namespace shrike::kernels {

std::vector<const ConvKernel*> conv_candidates(const ConvProblem& problem, const CpuFeatures& cpu) {
  const std::span<const ConvKernel> table = conv_kernels();
  std::vector<const ConvKernel*> rows{select_kernel(table, problem, cpu).kernel};
  ConvProblem any_speed = problem;
  any_speed.by_estimate = false;
  for (const ConvKernel& row : table) {
    if (&row == rows.front() || &row == &table.back() || cpu_lacks(row.need, cpu)) continue;
    if (!row.refuse || !row.refuse(any_speed)) rows.push_back(&row);
  }
  const auto for_any = [](const ConvKernel* row) { return row->need == CpuNeed::kNothing; };
  if (!std::all_of(rows.begin(), rows.end(), for_any)) std::erase_if(rows, for_any);
  return rows;
}

std::string problem_text(const ConvProblem& p) {
  const auto by = [](int64_t a, int64_t b) { return std::to_string(a) + "x" + std::to_string(b); };
  return by(p.in_height, p.in_width) + "x" + std::to_string(p.in_channels) + " > " +
         by(p.out_height, p.out_width) + "x" + std::to_string(p.out_channels) + ", " +
         by(p.kernel_h, p.kernel_w) + " stride " + by(p.stride_h, p.stride_w) + " pad " +
         std::to_string(p.pad_top) + "," + std::to_string(p.pad_left) + " dilation " +
         by(p.dilation_h, p.dilation_w) + " groups " + std::to_string(p.groups) + ", " +
         std::string(activation_info(p.activation.kind).name) + ", residual " +
         std::to_string(static_cast<int>(p.residual)) + (p.uneven ? ", uneven" : "");
}

}  // namespace shrike::kernels
