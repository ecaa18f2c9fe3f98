#include "kernels/winograd/tiles.h"

#include <algorithm>

#include "kernels/sizes.h"

namespace shrike::kernels {

WinogradTiles::WinogradTiles(const WinogradKernel& kernel, const ConvProblem& problem,
                             const ConvMaps& maps)
    : kernel_(kernel),
      algorithm_(*kernel.algorithm),
      problem_(problem),
      maps_(maps),
      finish_(kernel.tile->finish(problem.activation.kind)),
      across_(divide_up(problem.out_width, algorithm_.out)),
      outputs_(algorithm_.out * algorithm_.out) {}

WinogradTiles::Place WinogradTiles::place(int64_t tile) const {
  const int64_t y = tile / across_ * algorithm_.out;
  const int64_t x = tile % across_ * algorithm_.out;
  return {y, x, static_cast<int>(std::min<int64_t>(algorithm_.out, problem_.out_height - y)),
          static_cast<int>(std::min<int64_t>(algorithm_.out, problem_.out_width - x))};
}

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
  const bool add = problem_.residual != Residual::kNone;
  for (int i = 0; i < at.down; ++i)
    for (int j = 0; j < at.across; ++j) {
      *outputs++ = maps_.output.at(at.y + i, at.x + j);
      if (add) *residual++ = maps_.residual.at(at.y + i, at.x + j);
    }
}

int64_t WinogradTiles::columns_of(int64_t panel) const {
  const int64_t columns = kernel_.tile->columns;
  return std::min(columns, problem_.out_channels - panel * columns);
}

void WinogradTiles::finish(int64_t tile, int64_t panel, const Products& products) const {
  const Place at = place(tile);
  const int64_t count = columns_of(panel);
  kernel_.output({products.products, products.point_stride, products.bias, count, at.down,
                  at.across, products.sums, products.scale});
  finish_({products.sums, at.down * at.across, panel * kernel_.tile->columns, count,
           products.outputs, products.residual, problem_.activation, problem_.residual});
}

}  // namespace shrike::kernels
