// Convolutions that follow each other, computed together: of a band of the last one's rows, those
// that each one before must make. Maps between them never exist whole: of each there is a window of
// rows, which slides down the map, so that no row is computed twice. Only where several threads
// divide the last map each of their parts makes what it needs for itself.
//
// A kernel that computes tiles of rows (ConvKernel::tile_rows) is given whole ones, counted from
// the map's first row, and all rows they read: so that each number is made in the same way, bit for
// bit, as where the whole map is computed at once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/conv/conv.h"

namespace shrike {

struct Rows {
  int64_t begin = 0, end = 0;

  int64_t count() const { return end - begin; }
  bool operator==(const Rows&) const = default;
};

struct BandLayer {
  kernels::ConvProblem problem;  // of the whole map
  const kernels::ConvKernel* kernel = nullptr;
};

// Rows of the input that the rows `out` of a convolution are made of. At the end of the map all
// that are left: a last tile may read more than its outputs need.
Rows rows_read(const kernels::ConvProblem& problem, Rows out);

// The problem of the rows `out` alone, which are made of `in`.
kernels::ConvProblem part_of(const kernels::ConvProblem& whole, Rows out, Rows in);

// Floats from pixel to pixel of the window between layer i and the next, which there is.
int64_t window_pixel(std::span<const BandLayer> layers, size_t i);

// What one layer does for one band.
struct BandPart {
  Rows out, in;  // computed, maybe none; read, of what the layer before has computed
  kernels::ConvProblem problem;  // of these rows alone
  // The window that is written to, which the last layer has none of: the rows that move to its
  // begin before, if any, and the row of the map that lies there from then on.
  Rows kept;
  int64_t origin = 0;
};

// Of all layers.
using Band = std::vector<BandPart>;

struct Bands {
  std::vector<int64_t> window_rows;      // by layer, none for the last
  std::vector<std::vector<Band>> parts;  // of the map, from top to bottom; each starts anew
};

// Bands of the last layer's output, of no more than `rows` rows and alike many in a part, in no
// more than `parts` parts, which begin at multiples of `grain` rows; both are rounded up to whole
// tiles of its kernel. Requires layers of which each reads exactly what the one before writes.
Bands split_into_bands(std::span<const BandLayer> layers, int64_t rows, int64_t parts,
                       int64_t grain);

}  // namespace shrike
