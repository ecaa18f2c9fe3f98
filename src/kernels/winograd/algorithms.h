// The one-dimensional algorithms that are compiled for every instruction set.
#pragma once

#include "kernels/winograd/toom_cook.h"
#include "kernels/winograd/transform.h"

namespace shrike::kernels {

// F(4, 3). A quarter of the rounding error of the points 0, +-1, +-2, at the same cost.
inline constexpr ToomCook<2> kToomCook4 =
    toom_cook<2>({0.70710678118654752440, 1.41421356237309504880});

inline constexpr const WinogradAlgorithm* kWinogradAlgorithms[] = {&kWinograd4};

}  // namespace shrike::kernels
