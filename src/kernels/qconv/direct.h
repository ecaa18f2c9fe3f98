// Direct convolution: the output in blocks of pixels, each block's inputs copied once into a band
// with the padding filled in, as the elements that a tile multiplies (tile.h). In the band every
// pixel's window looks the same, and the taps of a kernel row are one run where they are not
// dilated, which is what makes 3 input channels cheap. Where a tile takes bytes and a window is one
// pixel of whole steps, the map itself is read.
//
// Any problem; with groups, one product for each. Weights are packed
//   [group][panel of tile.columns outputs][run][step][tile.columns][element]
// and a block meets all panels of its group before the next block is touched.
#pragma once

#include "kernels/qconv/qconv.h"
#include "kernels/qconv/tile.h"

namespace shrike::kernels {

PackedConv qdirect_pack(const QTileKernel& tile, const QConvProblem& problem,
                        const QConvWeights& weights);
size_t qdirect_scratch_bytes(const QTileKernel& tile, const QConvProblem& problem, int threads);
void qdirect_run(const QTileKernel& tile, const QConvProblem& problem, const PackedConv& packed,
                 const QConvMaps& maps, ThreadPool& pool, std::span<std::byte> scratch);

}  // namespace shrike::kernels
