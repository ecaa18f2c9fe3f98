// How a camera was held: the orientation an EXIF block names, and turning a picture upright.
//
// Orientation values 1..8 are those of TIFF 6.0 / EXIF 2.3, tag 0x0112: 1 upright, 2 mirrored,
// 3 turned by 180 degrees, 4 upside down mirrored, 5 transposed, 6 to be turned 90 degrees
// clockwise, 7 transposed over the other diagonal, 8 to be turned 90 degrees anticlockwise.
#pragma once

#include <cstddef>
#include <span>

#include "vision/image.h"

namespace shrike {

inline constexpr int kUpright = 1;

// The orientation in a TIFF structure ("II*\0..." or "MM\0*...", with or without "Exif\0\0" before
// it); kUpright where there is none, or where the block is damaged: a picture is worth showing
// without it.
int exif_orientation(std::span<const std::byte> block);

// Whether the upright picture's width is the stored one's height.
constexpr bool swaps_sides(int orientation) { return orientation >= 5 && orientation <= 8; }

// The picture as it should be seen; sides swap for 5 to 8. Other values leave it as it is.
Image apply_orientation(Image picture, int orientation);

}  // namespace shrike
