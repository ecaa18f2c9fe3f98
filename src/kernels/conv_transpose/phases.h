// Transposed convolution as ordinary ones. Output positions that agree modulo the stride, a phase,
// meet the same taps, and each of these brings neighbours of the input to neighbours of the phase:
//
//   y = y0 + stride*t meets the taps i with (y0 + pad - i*dilation) % stride == 0, at
//   v = t + (y0 + pad - i*dilation) / stride
//
// which is a convolution of stride 1 with these taps in reverse order, written to every
// stride-th row and column. Each phase has a kernel of conv/conv.h, the one chosen for it.
#pragma once

#include "kernels/conv_transpose/conv_transpose.h"

namespace shrike::kernels {

const char* phases_refuse(const ConvTransposeProblem& problem);
size_t phases_packed_bytes(const ConvTransposeProblem& problem);
void phases_pack(const ConvTransposeProblem& problem, const float* weights, const float* bias,
                 float* packed);
size_t phases_scratch_bytes(const ConvTransposeProblem& problem, int threads);
void phases_run(const ConvTransposeProblem& problem, const PackedConv& packed,
                const ConstMapView& input, const MapView& output, ThreadPool& pool,
                std::span<std::byte> scratch);

}  // namespace shrike::kernels
