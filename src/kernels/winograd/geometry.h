// The sizes winograd.cpp and pack.cpp work with.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/conv/conv.h"
#include "kernels/sizes.h"
#include "kernels/winograd/transform.h"

namespace shrike::kernels {

// Where things lie in a PackedConv, in floats.
struct WinogradPacking {
  WinogradPacking(const WinogradKernel& kernel, const ConvProblem& problem)
      : panels(divide_up(problem.out_channels, kernel.tile->columns)),
        matrix(problem.in_channels * kernel.tile->columns),
        matrices(kernel.algorithm->weights * kernel.algorithm->weights),
        bias(panels * matrices * matrix),
        total(bias + panels * kernel.tile->columns) {}

  const float* at(const float* packed, int64_t panel, int64_t index) const {
    return packed + (panel * matrices + index) * matrix;
  }

  int64_t panels;    // of tile.columns outputs
  int64_t matrix;    // floats of [input channel][tile.columns]
  int64_t matrices;  // in a panel
  int64_t bias;      // offset: [panel][tile.columns]
  int64_t total;
};

// Tiles that cover a map of outputs.
inline int64_t winograd_tiles(const WinogradAlgorithm& algorithm, const ConvProblem& problem) {
  return divide_up(problem.out_height, algorithm.out) * divide_up(problem.out_width, algorithm.out);
}

// Weights of more floats than these come from beyond the caches.
inline constexpr int64_t kNearFloats = 1 << 19;

// Tiles of a block. Many use a panel of weights often, which counts most where these are far; the
// fewer, the more of the block stays in the cache.
inline int64_t winograd_block_tiles(const WinogradAlgorithm& algorithm,
                                    const ConvProblem& problem) {
  constexpr int64_t kFloats = 80 * 1024;  // most of a second cache level of 512 KiB
  constexpr int64_t kMost = 48;
  const int64_t channels = divide_up(problem.in_channels, 16) * 16;
  const int64_t weights =
      algorithm.weights * algorithm.weights * problem.in_channels * problem.out_channels;
  const int64_t fitting = kFloats / (algorithm.in * algorithm.in * channels);
  return std::min(winograd_tiles(algorithm, problem),
                  weights > kNearFloats ? kMost : std::clamp<int64_t>(fitting, 8, kMost));
}

// The output in tiles, the tiles in blocks.
struct WinogradGrid {
  WinogradGrid(const WinogradKernel& kernel, const ConvProblem& problem)
      : tiles(winograd_tiles(*kernel.algorithm, problem)),
        channels(divide_up(problem.in_channels, 16) * 16),
        points(kernel.algorithm->in * kernel.algorithm->in),
        block(winograd_block_tiles(*kernel.algorithm, problem)),
        values_stride(block * channels + kApart),
        products_stride(block * kernel.tile->columns + kApart) {}

  int64_t tiles;     // in all
  int64_t channels;  // stored for each tile and point
  int64_t points;
  int64_t block;          // the most tiles in a block
  int64_t values_stride;  // floats from point to point, see WinogradScratch
  int64_t products_stride;

 private:
  // A tile's points are written side by side: not all to the same set of a cache.
  static constexpr int64_t kApart = 16;
};

// One worker's scratch.
struct WinogradScratch {
  float* values;           // [point][tile][channel]; points `values_stride` apart
  float* products;         // [point][tile][column]; points `products_stride` apart
  float* sums;             // [output of a tile][column]
  float** outputs;         // [tile][output of a tile], those in the map first
  const float** residual;  // likewise
};

}  // namespace shrike::kernels
