// Painter: a composition made into pixels, straight from the pictures of the data set into the
// batch, a row at a time: there is no canvas in between.
#pragma once

#include <cstddef>
#include <cstdint>

#include "augment/composition.h"
#include "augment/pixel_kernels.h"

namespace shrike {

// Fills `planes`, 3 * width * height bytes: R, then G, then B, rows from the top. The composition
// is seen at width x height, whatever its base size: stretched where the sides' ratio differs.
//
// Pixels are sampled bilinearly at their middles, weights in steps of 1/64 pixel, without smoothing
// where the picture shrinks; at its edges the picture's last pixel goes on. An identity map gives
// the picture itself. Bits depend on the arguments alone. Requires sides of at least 1, pictures of
// less than 2^24 pixels a side, and maps that can be inverted and shrink less than 2^12 times.
void paint(const Composition& composition, int width, int height, uint8_t* planes,
           const PixelKernels& kernels = pixel_kernels());

}  // namespace shrike
