// Split products of 1x1 convolutions whose outputs are made of the pixel at their place (split.h).
#pragma once

#include "kernels/conv/split_geometry.h"

namespace shrike::kernels {

void split_pointwise_run(const SplitKernel& kernel, const ConvProblem& problem,
                         const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool);

}  // namespace shrike::kernels
