// The mean over a square around each pixel.
#pragma once

#include <cstdint>

namespace shrike {

// In place, over a plane of width x height bytes. The picture's edge goes on outside; means are
// rounded to the nearest. Requires an odd `side` of 1..255.
void box_blur(int width, int height, int side, uint8_t* plane);

}  // namespace shrike
