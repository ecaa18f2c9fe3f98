// The sizes winograd.cpp and winograd_pack.cpp work with.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/qconv/packing.h"
#include "kernels/qconv/winograd.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

struct QWinogradPacking {
  QWinogradPacking(const QWinogradKernel& kernel, const QConvProblem& problem)
      : panels(divide_up(problem.out_channels, kernel.columns)),
        matrix(problem.in_channels * kernel.columns * 2),
        layout(panels * kernel.columns, panels * kWinogradPoints * matrix) {}

  int64_t panels;  // of columns outputs
  int64_t matrix;  // bytes of one point's weights in a panel
  QPacking layout;
};

// The output in tiles, the tiles in blocks.
struct QWinogradGrid {
  QWinogradGrid(const QWinogradKernel& kernel, const QConvProblem& problem)
      : across(divide_up(problem.out_width, kWinogradOut)),
        tiles(across * divide_up(problem.out_height, kWinogradOut)),
        channels(divide_up(problem.in_channels, 32) * 32),
        block(std::min(tiles,
                       std::clamp<int64_t>(kValueBytes / (kWinogradPoints * channels * 2), 8, 64))),
        value_stride(block * channels + kApart),
        product_stride(block * kernel.columns + kApart) {}

  int64_t across;                        // tiles side by side
  int64_t tiles;                         // in all
  int64_t channels;                      // stored for each tile and point
  int64_t block;                         // the most tiles in a block
  int64_t value_stride, product_stride;  // elements from point to point

 private:
  static constexpr int64_t kValueBytes = 160 * 1024;  // of a second cache level of 512 KiB
  // A tile's points are written side by side: not all to the same set of a cache.
  static constexpr int64_t kApart = 32;
};

}  // namespace shrike::kernels
