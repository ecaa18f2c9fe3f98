// The one-dimensional algorithms that are compiled for every instruction set.
#pragma once

#include "kernels/winograd/polyphase.h"
#include "kernels/winograd/toom_cook.h"
#include "kernels/winograd/transform.h"

namespace shrike::kernels {

// F(4, 3). A quarter of the rounding of the points 0, +-1, +-2, at the same cost.
inline constexpr ToomCook<2> kToomCook4 =
    toom_cook<2>({0.70710678118654752440, 1.41421356237309504880});

// F(6, 3). No three pairs found round less by more than a twentieth, and these are exact.
inline constexpr ToomCook<3> kToomCook6 = toom_cook<3>({0.5, 1, 2});

// Four outputs at stride 2. The least rounding of two pairs.
inline constexpr Polyphase<2> kPolyphase4 = polyphase<2>({0.42, 1.24});

inline constexpr const WinogradAlgorithm* kWinogradAlgorithms[] = {&kWinograd4, &kWinograd6,
                                                                   &kWinogradStride2};

}  // namespace shrike::kernels
