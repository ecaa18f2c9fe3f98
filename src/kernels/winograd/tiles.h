// The output of a Winograd convolution as a row of tiles: what the drivers do with each, whatever
// multiplies the points in between.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "kernels/conv/conv.h"
#include "kernels/winograd/transform.h"

namespace shrike::kernels {

// Tiles along one side of a map.
struct TileAxis {
  // Of `out` outputs, and what is left.
  static TileAxis even(int64_t extent, int out);
  // As many as even() has, of `out` outputs or one less, the longer ones first; the last may have
  // fewer. Where `out` divides the side both are the same.
  static TileAxis mixed(int64_t extent, int out);

  int64_t begin(int64_t tile) const { return tile * out - (tile > whole ? tile - whole : 0); }
  int size(int64_t tile) const {
    const int64_t left = extent - begin(tile);
    return static_cast<int>(std::min<int64_t>(left, tile < whole ? out : out - 1));
  }

  int64_t extent, count, whole;  // outputs; tiles; those of `out` outputs in even(), or at all
  int out;
};

// The tiles of a map. At stride 1 the point of infinity adds to the last output of a row or column
// of a tile alone (toom_cook.h): tiles are mixed there, and shorter ones have no use for it. First
// come all tiles of longer columns, row by row, then all others: so those with a use for a point
// lie together.
class TileGrid {
 public:
  TileGrid(const WinogradAlgorithm& algorithm, const ConvProblem& problem);

  int64_t count() const { return rows_.count * across_.count; }

  // A tile's place in the map of outputs, and how much of it exists.
  struct Place {
    int64_t y, x;
    int down, across;
  };
  Place place(int64_t tile) const;

  // Of tiles [first, last) those with a use for a point: two runs, of which any may be empty.
  struct Run {
    int64_t first, last;
  };
  using Runs = std::array<Run, 2>;
  class Users {
   public:
    Users(const TileGrid& grid, int64_t first, int64_t last);
    const Runs& of(int row, int column) const { return runs_[row == end_][column == end_]; }

   private:
    int end_;  // infinity
    Runs runs_[2][2];
  };

  // Products of a channel and an output, over all tiles and points.
  int64_t products() const;

 private:
  Runs runs(bool last_row, bool last_column, int64_t first, int64_t last) const;

  int points_;
  TileAxis rows_, across_;
};

// Inline, as a Place that a call returns through memory is read in other widths than it was written
// in: that waits for all stores before it, which are many behind products.
inline TileGrid::Place TileGrid::place(int64_t tile) const {
  const int64_t longer = rows_.count * across_.whole;
  const bool shorter = tile >= longer;
  const int64_t index = shorter ? tile - longer : tile;
  const int64_t columns = shorter ? across_.count - across_.whole : across_.whole;
  // No map of 2^32 tiles fits any memory; division of 64 bits takes longer.
  const int64_t row = static_cast<uint32_t>(index) / static_cast<uint32_t>(columns);
  const int64_t column = index - row * columns + (shorter ? across_.whole : 0);
  return {rows_.begin(row), across_.begin(column), rows_.size(row), across_.size(column)};
}

// One call's tiles, the same for all workers. What it is made from must outlive it.
class WinogradTiles {
 public:
  // With `pooled` the output is the largest of each 2 x 2 outputs (conv/conv_pool.h).
  WinogradTiles(const WinogradKernel& kernel, const ConvProblem& problem, const ConvMaps& maps,
                bool pooled = false);

  using Place = TileGrid::Place;
  const TileGrid& grid() const { return grid_; }
  int64_t outputs() const { return outputs_; }  // of a whole tile
  Place place(int64_t tile) const { return grid_.place(tile); }

  // `count` channels from `first` on of a tile's window. values: [point][channel], points
  // `point_stride` floats apart.
  WinogradInput window(int64_t tile, int64_t first, int64_t count, float* values,
                       int64_t point_stride, float scale = 1) const;

  // Where the tile's outputs lie, and what is added to them: those in the map first.
  void point_at_outputs(int64_t tile, float** outputs, const float** residual) const;

  // Columns of a panel that are outputs.
  int64_t columns_of(int64_t panel) const;

  // Outputs of one tile and panel from their products, as WinogradOutput has them; `sums` is
  // scratch for outputs() rows of columns.
  struct Products {
    const float* products;
    int64_t point_stride;
    const float* bias;
    float* const* outputs;
    const float* const* residual;
    float* sums;
    float scale = 1;
  };
  void finish(int64_t tile, int64_t panel, const Products& products) const;

 private:
  const WinogradKernel& kernel_;
  const WinogradAlgorithm& algorithm_;
  const ConvProblem& problem_;
  const ConvMaps& maps_;
  const TileFinishFunction finish_;
  const TileGrid grid_;
  int64_t outputs_;
  bool pooled_;
};

}  // namespace shrike::kernels
