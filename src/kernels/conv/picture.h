// A picture as first convolutions read it: a map, or planes that lie one behind the other, as a
// tensor of (N, C, H, W) has them. Element (y, x, c) lies at
//   data + y * row + x * pixel + c * channel
#pragma once

#include <cstdint>

#include "kernels/view.h"

namespace shrike::kernels {

struct Picture {
  const float* data;
  int64_t row, pixel, channel;

  const float* at(int64_t y, int64_t x) const { return data + y * row + x * pixel; }
};

inline Picture picture_of(const ConstMapView& map) {
  return {map.data, map.row_stride, map.pixel_stride, 1};
}

// Pixels x < count of row y, their three channels next to each other.
void read_pixels(const Picture& picture, int64_t y, int64_t count, float* target);

}  // namespace shrike::kernels
