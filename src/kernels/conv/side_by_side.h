// Weights of which a vector has those of several inputs, for tiles that load as many values of a
// pixel at once: where loads are what limits (docs/decisions/036-six-by-six.md).
#pragma once

#include "kernels/sizes.h"

namespace shrike::kernels {

// How a panel of [depth][columns] weights lies, depth being filled up with zeros:
//   [depth / inputs][column % vectors][column / vectors][depth % inputs]
struct SideBySide {
  int64_t inputs = 1;   // in a vector
  int64_t vectors = 1;  // that as many inputs fill

  int64_t padded(int64_t depth) const { return divide_up(depth, inputs) * inputs; }
  int64_t place(int64_t k, int64_t column, int64_t columns) const {
    const int64_t lanes = columns * inputs / vectors;
    return k / inputs * inputs * columns + column % vectors * lanes + column / vectors * inputs +
           k % inputs;
  }
};

}  // namespace shrike::kernels
