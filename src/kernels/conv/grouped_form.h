// Sums of narrow groups on the vectors of one instruction set: included by its file behind
// activation/vector_avx2.h or its like and
//   Lanes        as many int32_t as a vector has floats, load_lanes(), next_lanes(): each plus 1
//   taken(x, l)  lane j of it is lane l[j] of x
#pragma once

#include "kernels/conv/grouped.h"

namespace shrike::kernels {
namespace {

template <int kCount, int kColumns, bool kWhole>
[[gnu::always_inline]] inline void grouped_sums_of(const GroupedSums& tile) {
  const Lanes sources = load_lanes(tile.packed + kLanes);
  Vec sums[kCount];
#pragma GCC unroll 8
  for (int r = 0; r < kCount; ++r) sums[r] = splat(0.0f);
  for (int64_t i = 0; i < tile.taps_h; ++i) {
    const float* input = tile.input + i * tile.row_step;
    const float* weights = tile.weights + i * tile.weight_step;
    for (int64_t l = 0; l < tile.taps_w; ++l, input += tile.tap_step) {
      Vec x[kCount];
#pragma GCC unroll 8
      for (int r = 0; r < kCount; ++r) {
        const float* pixel = input + r * tile.pixel_step;
        x[r] = kWhole ? load(pixel) : load_some(pixel, tile.channels);
      }
      Lanes lanes = sources;
      for (int64_t c = 0; c < tile.group_in; ++c, weights += kLanes) {
        const Vec w = load_aligned(weights);
#pragma GCC unroll 8
        for (int r = 0; r < kCount; ++r) sums[r] = fma(taken(x[r], lanes), w, sums[r]);
        lanes = next_lanes(lanes);
      }
    }
  }
  // The bias comes last, for the reason given in tile_avx2.cpp.
  const Vec bias = load_aligned(tile.packed);
#pragma GCC unroll 8
  for (int r = 0; r < kCount; ++r) store_aligned(tile.sums + r * kColumns, sums[r] + bias);
}

template <int kCount, int kColumns>
void grouped_sums(const GroupedSums& tile) {
  if (tile.channels == kLanes) {
    grouped_sums_of<kCount, kColumns, true>(tile);
  } else {
    grouped_sums_of<kCount, kColumns, false>(tile);
  }
}

}  // namespace
}  // namespace shrike::kernels
