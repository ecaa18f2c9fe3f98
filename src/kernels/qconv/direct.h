// The direct convolution of bytes (direct_driver.h): any problem.
#pragma once

#include "kernels/qconv/qconv.h"
#include "kernels/qconv/tile.h"

namespace shrike::kernels {

void qdirect_pack(const QTileKernel& tile, const QConvProblem& problem, const QConvWeights& weights,
                  std::byte* packed);
size_t qdirect_packed_bytes(const QTileKernel& tile, const QConvProblem& problem);
double qdirect_cost(const QTileKernel& tile, const QConvProblem& problem);
size_t qdirect_scratch_bytes(const QTileKernel& tile, const QConvProblem& problem, int threads);
void qdirect_run(const QTileKernel& tile, const QConvProblem& problem, const PackedConv& packed,
                 const QConvMaps& maps, ThreadPool& pool, std::span<std::byte> scratch);

}  // namespace shrike::kernels
