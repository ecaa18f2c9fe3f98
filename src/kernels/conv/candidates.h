// Which rows of the convolution table are worth timing on a problem, and the problem's name under
// which their times are kept.
#pragma once

#include <string>
#include <vector>

#include "kernels/conv/conv.h"

namespace shrike::kernels {

// Rows that the machine can run and that accept the problem, also where they are estimated to be
// slower: the estimated choice first, the others in the table's order. Rows for any processor are
// left out where one of an instruction set is there. Never empty.
std::vector<const ConvKernel*> conv_candidates(const ConvProblem& problem,
                                               const CpuFeatures& cpu = cpu_features());

// "80x80x64 > 40x40x128, 3x3 stride 2x2 pad 1,1 dilation 1x1 groups 1, silu, residual 0": what the
// time of a kernel depends on, one line. The limits (max_...) are left out: they say what is
// allowed, not what it takes.
std::string problem_text(const ConvProblem& problem);

}  // namespace shrike::kernels
