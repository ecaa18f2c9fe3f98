#include <algorithm>

#include "kernels/qconv/direct_geometry.h"

namespace shrike::kernels {

namespace {

// Whether a window is one pixel of the map itself, in the steps that the tile takes.
bool reads_map(const QTileKernel& tile, const ConvProblem& p) {
  return tile.element_bytes == tile.map_bytes && p.taps() == 1 &&
         p.group_in() % tile.step_elements() == 0 && p.pad_top == 0 && p.pad_left == 0 &&
         (p.out_height - 1) * p.stride_h < p.in_height &&
         (p.out_width - 1) * p.stride_w < p.in_width;
}

// Of the band of a block; not in integers, which may overflow before a band is refused.
double bytes_of_row(const QTileKernel& tile, const ConvProblem& p, int64_t columns) {
  const auto reach = static_cast<double>((p.kernel_w - 1) * p.dilation_w);
  return (static_cast<double>(columns - 1) * static_cast<double>(p.stride_w) + reach + 1) *
         static_cast<double>(p.group_in() * tile.element_bytes);
}
double bytes_of_band(const QTileKernel& tile, const ConvProblem& p, int64_t rows, int64_t columns) {
  const auto reach = static_cast<double>((p.kernel_h - 1) * p.dilation_h);
  return (static_cast<double>(rows - 1) * static_cast<double>(p.stride_h) + reach + 1) *
         bytes_of_row(tile, p, columns);
}

}  // namespace

const char* direct_refuse(const QTileKernel& tile, const ConvProblem& problem) {
  // A block is made smaller until its band is small, or it is this one.
  const int64_t columns = std::min<int64_t>(problem.out_width, tile.rows);
  return spans_far_more_than_map(problem) ||
                 bytes_of_band(tile, problem, 1, columns) > kMostBandBytes
             ? "a window reaches over too much of the map"
             : nullptr;
}

DirectGrid::DirectGrid(const QTileKernel& tile, const ConvProblem& p, int threads)
    : in_place(reads_map(tile, p)),
      rows(1),
      columns(p.out_width),
      band_pixel(p.group_in() * tile.element_bytes) {
  constexpr double kBandBytes = 64 * 1024;  // leaves room for a panel in a cache of 256 KiB
  // Every thread should get about four blocks; a map of one row is divided within it.
  const int64_t wanted = threads > 1 ? 4 * threads : 1;
  const auto fits = [&](int64_t high, int64_t wide) {
    return high * wide <= kMaxBlockPixels && bytes_of_band(tile, p, high, wide) <= kBandBytes;
  };
  if (!fits(1, columns) || (p.out_height == 1 && wanted > 1)) {
    int64_t parts = p.out_height == 1 ? wanted : 1;
    do {
      const int64_t share = divide_up(p.out_width, parts++);
      columns = std::min(p.out_width, divide_up(share, tile.rows) * tile.rows);
    } while (!fits(1, columns) && columns > tile.rows);
  }
  // Of the heights that fit, the one that fills its tiles best, the largest of equals.
  const int64_t highest = columns < p.out_width ? 1 : divide_up(p.out_height, wanted);
  double best = 0;
  for (int64_t high = 1; high <= highest && (high == 1 || fits(high, columns)); ++high) {
    const int64_t count = high * columns;
    const double filled =
        static_cast<double>(count) / static_cast<double>(divide_up(count, tile.rows) * tile.rows);
    if (filled >= best) rows = high;
    best = std::max(best, filled);
  }
  down = divide_up(p.out_height, rows);
  across = divide_up(p.out_width, columns);
  pixels = divide_up(rows * columns, tile.rows) * tile.rows;
  band_row = static_cast<int64_t>(bytes_of_row(tile, p, columns));
  // Steps may read up to 3 bytes behind the last pixel.
  band_bytes =
      in_place ? 0 : static_cast<size_t>(bytes_of_band(tile, p, rows, columns)) + sizeof(int32_t);
}

}  // namespace shrike::kernels
