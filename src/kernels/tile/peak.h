// How many multiply-adds a second one core can do: what kernels are measured against.
#pragma once

#include "kernels/tile/tile.h"

namespace shrike::kernels {

// 10^9 multiply-adds a second of a tile whose inputs and weights lie in the first cache level: the
// best of many short repetitions within `seconds`, on the calling thread.
double tile_gmacs(const TileKernel& tile, double seconds = 0.02);

// The same of the fastest tile that this processor can run.
double peak_gmacs(double seconds = 0.02);

}  // namespace shrike::kernels
