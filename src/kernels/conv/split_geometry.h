// Where the numbers of split products lie (split.h), and how their work is divided.
#pragma once

#include <algorithm>

#include "kernels/conv/split.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

// Of one tap.
inline int64_t split_steps(const ConvProblem& p) { return divide_up(p.in_channels, kSplitDepth); }

// Whether all outputs are one block, which is computed pixel by pixel.
inline bool split_is_few(const ConvProblem& p) {
  return p.pixel_by_pixel() && p.out_channels <= kSplitFewTiles * kSplitTile;
}

// Where things lie in a PackedConv, in numbers of bfloat16 but for the bias.
struct SplitPacking {
  SplitPacking(const SplitKernel& kernel, const ConvProblem& p)
      : steps(p.taps() * split_steps(p)),
        tiles(divide_up(p.out_channels, kSplitTile)),
        blocks(divide_up(tiles, 2)),
        tile(steps * kernel.parts * kSplitTileNumbers),
        bias(tiles * tile / 2),
        few(split_is_few(p)) {}

  // Of 32 outputs; those before a last one are whole. Where outputs are few these are parts of the
  // only one there is.
  int64_t block(int64_t index) const { return 2 * index * (few ? kSplitTileNumbers : tile); }
  int output_tiles(int64_t index) const {
    return static_cast<int>(std::min<int64_t>(2, tiles - 2 * index));
  }
  // From part to part of a block.
  int64_t part_tiles(int64_t index) const { return few ? tiles : output_tiles(index); }
  size_t bytes() const {
    return static_cast<size_t>(bias + blocks * kSplitColumns) * sizeof(float);
  }

  int64_t steps;   // of all taps
  int64_t tiles;   // of outputs
  int64_t blocks;  // of outputs
  int64_t tile;    // numbers of all steps of one
  int64_t bias;    // offset in floats
  bool few;
};

// How rows of the input lie in planes.
struct SplitPlanes {
  SplitPlanes(const SplitKernel& kernel, const ConvProblem& p)
      : parts(kernel.parts),
        steps(split_steps(p)),
        reach_h((p.kernel_h - 1) * p.dilation_h),
        reach_w((p.kernel_w - 1) * p.dilation_w) {
    // Positions that are read behind the input, and are zeros: the next row's padding is there,
    // too.
    const int64_t over = std::max<int64_t>(
        0, (p.out_width - 1) * p.stride_w + reach_w - p.pad_left - (p.in_width - 1));
    const int64_t row = p.pad_left + p.in_width + std::max<int64_t>(0, over - p.pad_left);
    width = std::max(divide_up(row, p.stride_w), p.out_width);
    pitch = width * p.stride_w;
    one_by_one = p.pixel_by_pixel() && p.in_width == 1;
  }

  int64_t input_rows(const ConvProblem& p, int64_t rows) const {
    return (rows - 1) * p.stride_h + reach_h + 1;
  }
  // Of some rows of output, with what the last tile reads behind them. Odd, so that steps and parts
  // lie in different sets of a cache.
  int64_t positions(const ConvProblem& p, int64_t rows) const {
    return (input_rows(p, rows) * pitch + behind(p)) | 1;
  }
  int64_t behind(const ConvProblem& p) const {
    return reach_w + p.pad_left + kSplitTile * p.stride_w;
  }
  int64_t bytes(const ConvProblem& p, int64_t rows) const {
    return positions(p, rows) * position_bytes();
  }
  int64_t position_bytes() const {
    return steps * parts * kSplitDepth * static_cast<int64_t>(sizeof(uint16_t));
  }
  // Rows with the same remainder by the stride follow each other.
  int64_t row_position(const ConvProblem& p, int64_t rows, int64_t row) const {
    const int64_t phase = row % p.stride_h, all = input_rows(p, rows);
    const int64_t before = all / p.stride_h * phase + std::min(phase, all % p.stride_h);
    return (before + row / p.stride_h) * pitch;
  }

  int64_t parts;             // of a number
  int64_t steps;             // of one tap
  int64_t reach_h, reach_w;  // from a window's first tap to its last
  int64_t width, pitch;      // of rows, in outputs and in positions
  bool one_by_one;           // pixels without rows: positions are those of a map of one column
};

// How the work is divided: bands of rows of output by blocks of outputs, a worker each. A band is
// computed in strips, whose planes stay in the second cache level beside a block's weights.
struct SplitUnits {
  SplitUnits(const SplitKernel& kernel, const ConvProblem& p, int threads) {
    const SplitPlanes planes(kernel, p);
    const SplitPacking packing(kernel, p);
    if (threads > 1) {
      const bool many_weights =
          static_cast<int64_t>(packing.bytes()) > planes.bytes(p, p.out_height);
      if (many_weights) parts = std::min<int64_t>(threads, packing.blocks);
    }
    strip_rows = rows_of_strip(p, planes, static_cast<int64_t>(packing.bytes()));
    const int64_t strips = divide_up(p.out_height, strip_rows);
    // Even shares, and some more of them than threads where there are many strips.
    const int64_t wanted = divide_up(threads, parts);
    const int64_t count = wanted * std::clamp<int64_t>(strips / (2 * wanted), 1, kBands);
    height = p.out_height;
    if (planes.one_by_one) step = kSplitTile;
    bands = threads > 1 ? std::clamp<int64_t>(count, 1, divide_up(height, step)) : 1;
    strip_rows = std::min(strip_rows, rows());
  }

  // The first row of a band.
  int64_t first(int64_t band) const {
    return std::min(height, divide_up(height, step) * band / bands * step);
  }
  // Of a band at most.
  int64_t rows() const { return divide_up(divide_up(height, step), bands) * step; }

  int64_t bands, strip_rows;
  int64_t parts = 1;

 private:
  static constexpr int64_t kBands = 2;  // of a thread
  // Bytes of planes: beside weights of all blocks that stay near, too, of windows and of single
  // pixels, and beside others, which should pass by as seldom as can be.
  static constexpr int64_t kPlanes = 3 << 17, kFirstPlanes = 3 << 13, kFarPlanes = 11 << 17;
  static constexpr int64_t kNearWeights = 1 << 19;

  int64_t height, step = 1;  // rows, and those that are not divided

  // As many rows as planes may take; of pixels one by one whole blocks.
  static int64_t rows_of_strip(const ConvProblem& p, const SplitPlanes& planes, int64_t weights) {
    const int64_t most = weights > kNearWeights ? kFarPlanes
                         : planes.one_by_one    ? kFirstPlanes
                                                : kPlanes;
    const int64_t one = planes.bytes(p, 1), more = planes.bytes(p, 2) - one;
    const int64_t fit = 1 + std::max<int64_t>(0, most - one) / std::max<int64_t>(1, more);
    return planes.one_by_one ? std::max(kSplitRows, fit / kSplitRows * kSplitRows) : fit;
  }
};

}  // namespace shrike::kernels
