// What follows the sums of a tile, on the vectors of one instruction set: included by its file
// behind activation/vector_avx2.h or its like.
#pragma once

#include "kernels/tile/tile.h"

namespace shrike::kernels {
namespace {

// Whole vectors without a residual.
template <typename Act, int kColumns, int kVectors>
void finish_full(const TileFinish& tile, const Act& act) {
  for (int r = 0; r < tile.row_count; ++r) {
    float* out = tile.outputs[r] + tile.column;
    const float* sums = tile.sums + r * kColumns;
    Vec value[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) value[v] = act(load_aligned(sums + v * kLanes));
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) store(out + v * kLanes, value[v]);
  }
}

// Any number of columns, any residual.
template <typename Act, int kColumns>
void finish_any(const TileFinish& tile, const Act& act) {
  for (int r = 0; r < tile.row_count; ++r)
    for (int64_t j = 0; j < tile.count; j += kLanes) {
      const int64_t left = tile.count - j;
      Vec value = load_aligned(tile.sums + r * kColumns + j);
      Vec residual = splat(0.0f);
      if (tile.order != Residual::kNone)
        residual = load_some(tile.residual[r] + tile.column + j, left);
      if (tile.order == Residual::kBeforeActivation) value = value + residual;
      value = act(value);
      if (tile.order == Residual::kAfterActivation) value = value + residual;
      store_some(tile.outputs[r] + tile.column + j, value, left);
    }
}

template <typename Act, int kColumns>
void finish(const TileFinish& tile) {
  const Act act(tile.activation);
  static_assert(kColumns == 2 * kLanes);
  if (tile.count == kColumns && tile.order == Residual::kNone) {
    finish_full<Act, kColumns, 2>(tile, act);
  } else if (tile.count == kLanes && tile.order == Residual::kNone) {
    finish_full<Act, kColumns, 1>(tile, act);
  } else {
    finish_any<Act, kColumns>(tile, act);
  }
}

}  // namespace
}  // namespace shrike::kernels
