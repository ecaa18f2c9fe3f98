// The convolution of conv.h as its formula reads: the oracle of the other kernels, and what runs
// where they decline. Sums are kept in double.
#pragma once

#include "kernels/conv/conv.h"

namespace shrike::kernels {

void conv_reference_pack(const ConvProblem& problem, const float* weights, const float* bias,
                         float* packed);
size_t conv_reference_packed_bytes(const ConvProblem& problem);
void conv_reference_run(const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
                        ThreadPool& pool, std::span<std::byte> scratch);

}  // namespace shrike::kernels
