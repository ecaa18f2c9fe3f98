// Where the numbers of split products lie (split.h), and how their work is divided.
#pragma once

#include <algorithm>

#include "kernels/conv/split.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

// Of one tap.
inline int64_t split_steps(const ConvProblem& p) { return divide_up(p.in_channels, kSplitDepth); }

// So many steps of some pixels stay in the first cache level while they are multiplied by all
// outputs, so that they are split once. More are split for each group of outputs.
inline constexpr int64_t kSplitKeptSteps = 5;

// Where things lie in a PackedConv, in numbers of bfloat16 but for the bias.
struct SplitPacking {
  SplitPacking(const SplitKernel& kernel, const ConvProblem& p)
      : steps(p.taps() * split_steps(p)),
        tiles(divide_up(p.out_channels, kSplitTile)),
        group(p.pixel_by_pixel() ? group_tiles(steps, tiles) : kSplitColumns / kSplitTile),
        groups(divide_up(tiles, group)),
        tile(steps * kernel.parts * kSplitTileNumbers),
        bias(tiles * tile / 2) {}

  // The first part of a tile's first step, and how many tiles further on its next part is.
  int64_t at(int64_t index) const {
    return index / group * group * tile + index % group * kSplitTileNumbers;
  }
  int64_t part_tiles(int64_t index) const { return std::min(group, tiles - index / group * group); }
  // Whether panels (conv_panels.h) are made of an input that has been split as a whole, 32 outputs
  // at a time: of few steps a run is split as fast as it is multiplied.
  bool split_before_panels() const { return steps <= kFewSteps && tiles > kBestTiles; }
  size_t bytes() const {
    return static_cast<size_t>(bias + round_up(tiles * kSplitTile, kSplitColumns)) * sizeof(float);
  }

  int64_t steps;  // of all taps
  int64_t tiles;  // of outputs
  int64_t group;  // tiles of a whole one; the last may have fewer
  int64_t groups;
  int64_t tile;  // numbers of all steps of one
  int64_t bias;  // offset in floats

 private:
  static constexpr int64_t kFewSteps = 2, kBestTiles = 4;

  // As many as there are, or 4, which are the fastest (docs/decisions/042-split-on-the-way.md), or
  // 5 where less is left for a last group of 4. Of steps that are kept an even number, as they are
  // computed by two.
  static int64_t group_tiles(int64_t steps, int64_t tiles) {
    if (tiles <= kSplitGroupTiles) return tiles;
    if (steps <= kSplitKeptSteps) return kBestTiles;
    const int64_t last = (tiles - 1) % kBestTiles + 1, of_five = (tiles - 1) % 5 + 1;
    return last <= 2 && of_five > last ? 5 : kBestTiles;
  }
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
};

// How the work of windows is divided, which are not made of single pixels: bands of rows of output
// by blocks of outputs, a worker each. A band is computed in strips, whose planes stay in the
// second cache level beside a block's weights.
struct SplitUnits {
  SplitUnits(const SplitKernel& kernel, const ConvProblem& p, int threads) {
    const SplitPlanes planes(kernel, p);
    const SplitPacking packing(kernel, p);
    if (threads > 1) {
      const bool many_weights =
          static_cast<int64_t>(packing.bytes()) > planes.bytes(p, p.out_height);
      if (many_weights) parts = std::min<int64_t>(threads, packing.groups);
    }
    strip_rows = rows_of_strip(p, planes, static_cast<int64_t>(packing.bytes()));
    const int64_t strips = divide_up(p.out_height, strip_rows);
    // Even shares, and some more of them than threads where there are many strips.
    const int64_t wanted = divide_up(threads, parts);
    const int64_t count = wanted * std::clamp<int64_t>(strips / (2 * wanted), 1, kBands);
    height = p.out_height;
    bands = threads > 1 ? std::clamp<int64_t>(count, 1, height) : 1;
    strip_rows = std::min(strip_rows, rows());
  }

  // The first row of a band.
  int64_t first(int64_t band) const { return height * band / bands; }
  // Of a band at most.
  int64_t rows() const { return divide_up(height, bands); }

  int64_t bands, strip_rows;
  int64_t parts = 1;

 private:
  static constexpr int64_t kBands = 2;  // of a thread
  // Bytes of planes, beside weights that all stay near, too, and beside others, which should pass
  // by as seldom as can be.
  static constexpr int64_t kPlanes = 3 << 17, kFarPlanes = 11 << 17;
  static constexpr int64_t kNearWeights = 1 << 19;

  int64_t height;

  // As many rows as planes may take.
  static int64_t rows_of_strip(const ConvProblem& p, const SplitPlanes& planes, int64_t weights) {
    const int64_t most = weights > kNearWeights ? kFarPlanes : kPlanes;
    const int64_t one = planes.bytes(p, 1), more = planes.bytes(p, 2) - one;
    return 1 + std::max<int64_t>(0, most - one) / std::max<int64_t>(1, more);
  }
};

}  // namespace shrike::kernels
