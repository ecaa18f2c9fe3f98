// The sizes and addresses igemm.cpp works with.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/conv/conv.h"
#include "kernels/sizes.h"
#include "kernels/tile/tile.h"

namespace shrike::kernels {

// Where things lie in a PackedConv, in floats.
struct IgemmPacking {
  IgemmPacking(const TileKernel& tile, const ConvProblem& problem)
      : depth(problem.taps() * problem.group_in()),
        blocks(divide_up(problem.group_out(), tile.columns)),
        panel(depth * tile.columns),
        bias(problem.groups * blocks * panel),
        zeros(bias + problem.groups * blocks * tile.columns),
        total(zeros + problem.kernel_w * problem.group_in()) {}

  int64_t depth;   // products of one sum
  int64_t blocks;  // of tile.columns outputs, in each group
  int64_t panel;   // weights of one block
  int64_t bias;    // offset: [group][block][tile.columns]
  int64_t zeros;   // offset: what a run in the padding reads
  int64_t total;
};

// One worker's scratch: what describes a block of pixels.
struct IgemmScratch {
  const float** pointers;  // [tile][run][row]
  float** outputs;         // [pixel]
  const float** residual;  // [pixel]
  float* sums;             // [row][column] of kFinishTiles tiles
};

inline constexpr int64_t kMaxBlockTiles = 64;

// Tiles whose sums are finished together: activations are long chains of operations, of which a
// processor needs many at once.
inline constexpr int64_t kFinishTiles = 4;

// One tile of a block.
struct IgemmTile {
  const float* const* pointers;
  int64_t runs;    // in all
  int64_t runs_w;  // in one kernel row
  int64_t run_length;
  int row_count;
  int64_t first;  // pixel within the block
};

// Pixels of a block: whole tiles, few enough that their inputs stay in the first or second cache
// level while all weights pass by.
int64_t igemm_block_pixels(const TileKernel& tile, const ConvProblem& problem);

}  // namespace shrike::kernels
