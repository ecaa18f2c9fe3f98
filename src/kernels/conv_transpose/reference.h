// The transposed convolution of conv_transpose.h as its formula reads, output by output.
#pragma once

#include "kernels/conv_transpose/conv_transpose.h"

namespace shrike::kernels {

size_t conv_transpose_reference_packed_bytes(const ConvTransposeProblem& problem);
void conv_transpose_reference_pack(const ConvTransposeProblem& problem, const float* weights,
                                   const float* bias, float* packed);
void conv_transpose_reference_run(const ConvTransposeProblem& problem, const PackedConv& packed,
                                  const ConstMapView& input, const MapView& output,
                                  ThreadPool& pool, std::span<std::byte> scratch);

}  // namespace shrike::kernels
