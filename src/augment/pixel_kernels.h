// The inner loops of painting, each over one row of three planes: a readable reference and a
// version for AVX2 that gives the same bits, so that a seed means the same on every machine.
//
// all_pixel_kernels() lists them, fastest first, reference last; pixel_kernels() is the first one
// this processor can run. Tests loop over the list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "augment/composition.h"

namespace shrike {

// Coordinates that walk over a picture in steps: 32 bits of whole pixels, 32 of fraction. Whole
// numbers are the middles of pixels.
struct WarpSpan {
  const uint8_t* pixels = nullptr;  // R, G, B of the picture's first pixel
  int64_t row_bytes = 0;
  int64_t u = 0, v = 0, du = 0, dv = 0;
};

inline constexpr int kWarpFraction = 32;   // bits
inline constexpr int kWarpWeightBits = 6;  // what of the fraction weighs

// A row of the output: three planes, R, G, B.
struct PlaneRow {
  uint8_t* r = nullptr;
  uint8_t* g = nullptr;
  uint8_t* b = nullptr;

  PlaneRow operator+(size_t pixels) const { return {r + pixels, g + pixels, b + pixels}; }
};

struct PixelKernels {
  std::string_view name;
  bool (*supported)();

  // Of pixel i the four neighbours of (u + i du, v + i dv), blended: with x, y the whole parts and
  // f, h the first six bits of the fractions,
  //   ((p[y][x] (64 - f) + p[y][x+1] f) (64 - h) + (p[y+1][x] (64 - f) + p[y+1][x+1] f) h + 2048)
  //   >> 12
  // Requires the four to be in the picture, and one more pixel to the right of them.
  void (*warp)(const WarpSpan& span, size_t count, PlaneRow out);

  // V = max(R, G, B), C = V - min(R, G, B), S = C / V, the hue H in sixths of a turn, 0..6;
  // V' = min(v V, 255), S' = min(s S, 1), H' = H + 6 h; then each channel is
  //   V' - V' S' clamp(min(k, 4 - k), 0, 1),  k = (n + H') mod 6,  n = 5, 3, 1 for R, G, B
  // rounded to the nearest, all in floats without fused products. Requires -1 <= h <= 1, s, v >= 0.
  void (*hsv)(const HsvChange& change, size_t count, PlaneRow row);
};

std::span<const PixelKernels> all_pixel_kernels();
const PixelKernels& pixel_kernels();

}  // namespace shrike
