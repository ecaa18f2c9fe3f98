// The direct convolution of bytes (direct_driver.h): any problem.
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
