// Transposed convolution whose windows do not overlap (stride == kernel): each tap is a matrix
// product of all input pixels with that tap's weights, written to its own output pixels. Weights
// are packed [block of tile.columns outputs][tap][input channel][tile.columns].
#pragma once

#include "kernels/conv_transpose/conv_transpose.h"
#include "kernels/tile/tile.h"

namespace shrike::kernels {

const char* disjoint_refuse(const ConvTransposeProblem& problem);
size_t disjoint_packed_bytes(const TileKernel& tile, const ConvTransposeProblem& problem);
void disjoint_pack(const TileKernel& tile, const ConvTransposeProblem& problem,
                   const float* weights, const float* bias, float* packed);
void disjoint_run(const TileKernel& tile, const ConvTransposeProblem& problem,
                  const PackedConv& packed, const ConstMapView& input, const MapView& output,
                  ThreadPool& pool);

}  // namespace shrike::kernels
