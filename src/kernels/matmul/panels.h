// Matrix product with the tiles of tile/tile.h.
//
// The columns of b are packed into panels [block of tile.columns][k][tile.columns], times alpha,
// once for every batch that has its own b; rows of a that are not adjacent in memory are copied.
#pragma once

#include "kernels/layout/transpose_block.h"
#include "kernels/matmul/matmul.h"
#include "kernels/tile/tile.h"

namespace shrike::kernels {

// One instruction set's parts.
struct MatmulParts {
  const TileKernel& tile;
  TransposeBlock transpose;
};

size_t panels_scratch_bytes(const MatmulParts& parts, const MatmulProblem& problem, int threads);
void panels_run(const MatmulParts& parts, const MatmulProblem& problem,
                const MatmulOperands& operands, ThreadPool& pool, std::span<std::byte> scratch);

}  // namespace shrike::kernels
