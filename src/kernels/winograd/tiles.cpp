#include "kernels/winograd/tiles.h"

#include <algorithm>

#include "kernels/sizes.h"
#include "kernels/winograd/winograd.h"

namespace shrike::kernels {

TileAxis TileAxis::even(int64_t extent, int out) {
  const int64_t count = divide_up(extent, out);
  return {extent, count, count, out};
}

TileAxis TileAxis::mixed(int64_t extent, int out) {
  const int64_t count = divide_up(extent, out);
  return {extent, count, std::max<int64_t>(0, extent - count * (out - 1)), out};
}

TileGrid::TileGrid(const WinogradAlgorithm& algorithm, const ConvProblem& problem)
    : points_(algorithm.in),
      rows_(algorithm.stride == 1 ? TileAxis::mixed(problem.out_height, algorithm.out)
                                  : TileAxis::even(problem.out_height, algorithm.out)),
      across_(algorithm.stride == 1 ? TileAxis::mixed(problem.out_width, algorithm.out)
                                    : TileAxis::even(problem.out_width, algorithm.out)) {}

TileGrid::Users::Users(const TileGrid& grid, int64_t first, int64_t last) : end_(grid.points_ - 1) {
  for (const bool row : {false, true})
    for (const bool column : {false, true})
      runs_[row][column] = grid.runs(row, column, first, last);
}

TileGrid::Runs TileGrid::runs(bool last_row, bool last_column, int64_t first, int64_t last) const {
  const int64_t rows = last_row ? rows_.whole : rows_.count;
  const int64_t longer = rows_.count * across_.whole;
  const int64_t rest = last_column ? 0 : rows * (across_.count - across_.whole);
  Run one{first, std::min(last, rows * across_.whole)};
  Run two{std::max(first, longer), std::min(last, longer + rest)};
  if (one.last == two.first && two.first < two.last) {
    one.last = two.last;
    two.last = two.first;
  }
  return {one, two};
}

int64_t TileGrid::products() const {
  return (rows_.count * (points_ - 1) + rows_.whole) *
         (across_.count * (points_ - 1) + across_.whole);
}

int64_t winograd_tile_rows(const WinogradAlgorithm& algorithm, const ConvProblem& problem) {
  const bool even = algorithm.stride != 1 || problem.out_height % algorithm.out == 0;
  return even ? algorithm.out : 0;
}

WinogradTiles::WinogradTiles(const WinogradKernel& kernel, const ConvProblem& problem,
                             const ConvMaps& maps, bool pooled)
    : kernel_(kernel),
      algorithm_(*kernel.algorithm),
      problem_(problem),
      maps_(maps),
      finish_(kernel.tile->finish(problem.activation.kind)),
      grid_(algorithm_, problem),
      outputs_(algorithm_.out * algorithm_.out),
      pooled_(pooled) {}

WinogradInput WinogradTiles::window(int64_t tile, int64_t first, int64_t count, float* values,
                                    int64_t point_stride, float scale) const {
  const Place at = place(tile);
  const ConstMapView& map = maps_.input;
  const int64_t y = at.y * algorithm_.stride - problem_.pad_top;
  const int64_t x = at.x * algorithm_.stride - problem_.pad_left;
  return {map.data + first,
          y * map.row_stride + x * map.pixel_stride,
          map.row_stride,
          map.pixel_stride,
          taps_inside(y, algorithm_.in, 1, problem_.in_height),
          taps_inside(x, algorithm_.in, 1, problem_.in_width),
          count,
          values,
          point_stride,
          scale};
}

void WinogradTiles::point_at_outputs(int64_t tile, float** outputs, const float** residual) const {
  const Place at = place(tile);
  const int step = pooled_ ? 2 : 1;
  const bool add = problem_.residual != Residual::kNone;
  const MapView& map = maps_.output;
  float* row = map.at(at.y / step, at.x / step);  // both are multiples of the step
  for (int i = 0; i < at.down; i += step, row += map.row_stride) {
    float* output = row;
    for (int j = 0; j < at.across; j += step, output += map.pixel_stride) *outputs++ = output;
  }
  if (!add) return;
  for (int i = 0; i < at.down; i += step)
    for (int j = 0; j < at.across; j += step) *residual++ = maps_.residual.at(at.y + i, at.x + j);
}

int64_t WinogradTiles::columns_of(int64_t panel) const {
  const int64_t columns = kernel_.tile->columns;
  return std::min(columns, problem_.out_channels - panel * columns);
}

void WinogradTiles::finish(int64_t tile, int64_t panel, const Products& products) const {
  const Place at = place(tile);
  const int64_t count = columns_of(panel);
  kernel_.output({products.products, products.point_stride, products.bias, count, at.down,
                  at.across, products.sums, products.scale, pooled_});
  finish_({products.sums, at.down * at.across / (pooled_ ? 4 : 1), panel * kernel_.tile->columns,
           count, products.outputs, products.residual, problem_.activation, problem_.residual});
}

}  // namespace shrike::kernels
