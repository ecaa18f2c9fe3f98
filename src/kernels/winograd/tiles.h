// The output of a Winograd convolution as a row of tiles: what the drivers do with each, whatever
// multiplies the points in between.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/winograd/transform.h"

namespace shrike::kernels {

// One call's tiles, the same for all workers. What it is made from must outlive it.
class WinogradTiles {
 public:
  WinogradTiles(const WinogradKernel& kernel, const ConvProblem& problem, const ConvMaps& maps);

  // A tile's place in the map of outputs, and how much of it exists.
  struct Place {
    int64_t y, x;
    int down, across;
  };
  int64_t outputs() const { return outputs_; }  // of a whole tile
  Place place(int64_t tile) const;

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
  int64_t across_, outputs_;
};

}  // namespace shrike::kernels
