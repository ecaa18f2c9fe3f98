// The one-dimensional algorithms that are compiled for every instruction set.
#pragma once

#include "kernels/winograd/polyphase.h"
#include "kernels/winograd/toom_cook.h"
#include "kernels/winograd/transform.h"

namespace shrike::kernels {

// F(4, 3). A quarter of the rounding of the points 0, +-1, +-2, at the same cost.
inline constexpr ToomCook<2, true> kToomCook4 =
    toom_cook<true, 2>({0.70710678118654752440, 1.41421356237309504880}, {1, 1});

// F(5, 3). Within a twentieth of the least rounding of three pairs, and exact.
inline constexpr ToomCook<3, false> kToomCook5 =
    toom_cook<false, 3>({0.3125, 0.875, 1.625}, {1, 1, 2});

// Four outputs at stride 2. The least rounding of two pairs.
inline constexpr Polyphase<2> kPolyphase4 = polyphase<2>({0.42, 1.24}, {1, 2});

inline constexpr const WinogradAlgorithm* kWinogradAlgorithms[] = {&kWinograd4, &kWinograd5,
                                                                   &kWinogradStride2};

}  // namespace shrike::kernels
