// Rows of the maps between convolutions that follow each other, computed band by band: of a band of
// the last one's rows, those that each one before must make. Maps between them then never exist
// whole.
//
// A kernel that computes tiles of rows (ConvKernel::tile_rows) is given whole ones, counted from
// the map's first row, and all rows they read: so that each number is made in the same way, bit for
// bit, as where the whole map is computed at once. Rows that two bands need are computed twice.
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

// What one layer does for one band.
struct BandPart {
  Rows out, in;                  // computed; read, of what the layer before has computed
  kernels::ConvProblem problem;  // of these rows alone
};

// Bands of the last layer's output, each of `rows` rows (rounded up to whole tiles of its kernel;
// the last may be smaller): the parts of all layers, [band][layer]. Requires layers of which each
// reads exactly what the one before writes.
std::vector<std::vector<BandPart>> split_into_bands(std::span<const BandLayer> layers,
                                                    int64_t rows);

}  // namespace shrike
