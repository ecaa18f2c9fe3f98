// Sums of two halves of the channels (ConvProblem::half): where they are asked for.
#pragma once

#include <vector>

#include "kernels/conv/conv.h"

namespace shrike::kernels {

// What ConvProblem::half should be, 0 where it should not: so that of two threads each can make
// sums of the half of the channels that it has made itself, and read half of the weights, where
// these are much more than the outputs (docs/decisions/046-odd-pixels-and-halves.md).
int64_t sum_half(const ConvProblem& problem);
const char* sum_half_refuse(const ConvProblem& problem);  // null, or why it should not

// Of a 1x1 convolution's weights those of input channels [first, first + count).
std::vector<float> weights_of_channels(const ConvProblem& problem, const float* weights,
                                       int64_t first, int64_t count);

}  // namespace shrike::kernels
