// Convolution as an indirect matrix product: pixels x taps and channels times taps and channels x
// output channels, the left matrix never formed. Each tile of pixels is described by pointers to
// runs of its inputs (tile/tile.h); a tap in the padding points to zeros. Where the taps of one
// kernel row are adjacent in memory they are one run, which is what makes 3 input channels cheap.
// After Dukhan, "The Indirect Convolution Algorithm", 2019.
//
// Any problem; with groups, one product for each. Weights are packed
//   [group][block of tile.columns outputs][tap][input channel][tile.columns]
// and a block of pixels meets all of them before the next block is touched.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/tile/tile.h"

namespace shrike::kernels {

void igemm_pack(const TileKernel& tile, const ConvProblem& problem, const float* weights,
                const float* bias, float* packed);
size_t igemm_packed_bytes(const TileKernel& tile, const ConvProblem& problem);
size_t igemm_scratch_bytes(const TileKernel& tile, const ConvProblem& problem, int threads);
void igemm_run(const TileKernel& tile, const ConvProblem& problem, const PackedConv& packed,
               const ConvMaps& maps, ThreadPool& pool, std::span<std::byte> scratch);

}  // namespace shrike::kernels
