// The AVX2 rows of all_pixel_kernels(): for pixel_kernels.cpp alone.
#pragma once

#include "augment/pixel_kernels.h"

#if defined(__x86_64__)
#define SHRIKE_AUGMENT_AVX2 1

namespace shrike::augment_avx2 {

bool supported();
void warp(const WarpSpan& span, size_t count, PlaneRow out);
void hsv(const HsvChange& change, size_t count, PlaneRow row);

}  // namespace shrike::augment_avx2

namespace shrike {
inline constexpr PixelKernels kPixelKernelsAvx2 = {"avx2", augment_avx2::supported,
                                                   augment_avx2::warp, augment_avx2::hsv};
}  // namespace shrike

#else
#define SHRIKE_AUGMENT_AVX2 0
#endif
