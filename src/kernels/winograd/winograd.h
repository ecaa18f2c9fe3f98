// Winograd convolution: 3x3 kernels by fewer products (Lavin and Gray, arXiv 1509.09308).
//
//   out tile = A^T [ (G g G^T) . (B^T d B) ] A + bias, summed over the input channels
//
// of each in x in window d and 3x3 kernel g (toom_cook.h): in^2 products a channel instead of
// 9 out^2, between transforms that only add and scale. For F(4, 3): 36 instead of 144.
//
// The output is taken in blocks of tiles; a block's windows are transformed for all channels, then
// each panel of tile.columns outputs makes in^2 matrix products (tiles x channels and channels x
// outputs) with the weights transformed by pack(), and transforms them back. What a block needs
// lies in the second cache level. Weights are packed
//   [panel][point][input channel][tile.columns]
// and take (distinct rows of G)^2 / 9 times the memory of the model's: 4 times for F(4, 3).
#pragma once

#include "base/cpu.h"
#include "kernels/conv/conv.h"
#include "kernels/winograd/transform.h"

namespace shrike::kernels {

// Refuses what it cannot compute, what would exceed problem.max_packed_bytes or max_rounding, and,
// with problem.by_estimate, what another of these algorithms or a direct convolution is estimated
// to do faster.
const char* winograd_refuse(const WinogradKernel& kernel, const ConvProblem& problem);
// What decides: estimated times in multiply-adds at full speed, without what follows the sums.
double winograd_cost(const WinogradAlgorithm& algorithm, const ConvProblem& problem,
                     const CpuFeatures& cpu = cpu_features());
double direct_cost(const ConvProblem& problem);
// Whether one of the kernels with such a tile, or in pairs where the processor is made for these,
// accepts the problem and is estimated to take less than `cost`.
bool winograd_costs_less(const TileKernel& tile, double cost, const ConvProblem& problem);
// ConvKernel::tile_rows: of mixed tiles (tiles.h) the longer ones are none of a part of the map.
int64_t winograd_tile_rows(const WinogradAlgorithm& algorithm, const ConvProblem& problem);
size_t winograd_packed_bytes(const WinogradKernel& kernel, const ConvProblem& problem);
void winograd_pack(const WinogradKernel& kernel, const ConvProblem& problem, const float* weights,
                   const float* bias, float* packed);
size_t winograd_scratch_bytes(const WinogradKernel& kernel, const ConvProblem& problem,
                              int threads);
void winograd_run(const WinogradKernel& kernel, const ConvProblem& problem,
                  const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                  std::span<std::byte> scratch, bool pooled = false);

}  // namespace shrike::kernels
