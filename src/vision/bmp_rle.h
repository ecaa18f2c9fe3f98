// The run-length coding of BMP files with palettes (BI_RLE8 and BI_RLE4).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "vision/byte_view.h"

namespace shrike {

// The palette indices of a picture, rows in the order of the file, from `data`; pixels that the
// file skips are 0. Nothing where the data ends early or writes outside the picture.
// Requires bits of 4 or 8.
std::optional<std::vector<uint8_t>> decode_bmp_rle(ByteView data, int bits, int width, int height);

}  // namespace shrike
