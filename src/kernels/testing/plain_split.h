// Split products without tiles (conv/split.h): what lies where is checked on any processor, and by
// sanitizers, which see nothing of a tile's way to memory and back.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <vector>

#include "kernels/conv/bfloat16.h"
#include "kernels/conv/split.h"
#include "kernels/sizes.h"

namespace shrike::kernels::testing::plain_split {

inline float number(uint16_t part) {
  return std::bit_cast<float>(static_cast<uint32_t>(part) << 16);
}

inline void split(const SplitPixels& pixels) {
  const int64_t steps = divide_up(pixels.channels, kSplitDepth);
  for (int64_t i = 0; i < pixels.pixels; ++i)
    for (int64_t c = 0; c < steps * kSplitDepth; ++c) {
      float left = c < pixels.channels ? pixels.source[i * pixels.pixel_stride + c] : 0.0f;
      uint16_t* target = pixels.target + c / kSplitDepth * pixels.step_stride + i * kSplitDepth +
                         split_place(c % kSplitDepth);
      for (int part = 0; part < kSplitParts; ++part, target += pixels.part_stride) {
        *target = rounded_to_bfloat16(left);
        left -= number(*target);
      }
    }
}

// Of a step, the six largest.
inline double product(const uint16_t* pixels, int64_t part_stride, const uint16_t* weights,
                      int64_t tiles) {
  double sum = 0;
  for (int64_t k = 0; k < kSplitDepth; ++k)
    for (int a = 0; a < kSplitParts; ++a)
      for (int b = 0; a + b < kSplitParts; ++b) {
        const uint16_t weight =
            weights[b * tiles * kSplitTileNumbers + k / 2 * 2 * kSplitTile + k % 2];
        sum += static_cast<double>(number(pixels[a * part_stride + k])) *
               static_cast<double>(number(weight));
      }
  return sum;
}

inline void products(const SplitProducts& block) {
  const int tiles = block.output_tiles;
  for (int64_t i = 0; i < block.pixel_tiles * kSplitTile; ++i)
    for (int64_t j = 0; j < tiles * kSplitTile; ++j) {
      double sum = static_cast<double>(block.bias[j]);
      for (int64_t n = 0; n < block.tap_count * block.steps; ++n)
        sum += product(block.inputs + i * block.pixel_stride + block.taps[n / block.steps] +
                           n % block.steps * block.step_stride,
                       block.part_stride,
                       block.weights + n * kSplitParts * block.weight_tiles * kSplitTileNumbers +
                           j / kSplitTile * kSplitTileNumbers + j % kSplitTile * 2,
                       block.weight_tiles);
      block.sums[i * kSplitColumns + j] = static_cast<float>(sum);
    }
  for (int64_t n = 0; n < block.tap_count * block.steps; ++n) block.beside(block.context);
}

// A step at a time, as the planes may hold no more.
inline void group_products(const SplitGroupProducts& group) {
  EXPECT_TRUE(group.pixel_tiles == 1 || group.pixel_tiles == 2 || group.pixel_tiles == 4);
  EXPECT_LE(group.pixel_tiles, split_pixel_tiles(group.output_tiles));
  const int64_t steps = divide_up(group.channels, kSplitDepth);
  const int64_t rows = group.pixel_tiles * kSplitTile;
  const int64_t columns = group.output_tiles * kSplitTile;
  EXPECT_EQ(group.half % kSplitDepth, 0);
  const int64_t half_steps = group.half / kSplitDepth;
  // Of the first half and of the second, where there are two.
  std::vector<double> halves[2] = {std::vector<double>(static_cast<size_t>(rows * columns)),
                                   std::vector<double>(static_cast<size_t>(rows * columns))};
  const auto planes_of = [&](int64_t n) {
    return group.planes + (group.in_turn ? n % 2 : n) * group.step_stride;
  };
  for (int64_t n = 0; n < steps; ++n) {
    std::vector<double>& sums = halves[group.half > 0 && n >= half_steps];
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j)
        sums[static_cast<size_t>(i * columns + j)] +=
            product(planes_of(n) + i * kSplitDepth, group.part_stride,
                    group.weights + n * kSplitParts * group.weight_tiles * kSplitTileNumbers +
                        j / kSplitTile * kSplitTileNumbers + j % kSplitTile * 2,
                    group.weight_tiles);
    const bool last = n + 1 == steps;
    const SplitRun& run = last ? group.next : group.run;
    const int64_t channel = last ? 0 : (n + 1) * kSplitDepth;
    split({run.pixels + channel, group.pixel_stride, run.count,
           std::min(group.channels - channel, kSplitDepth),
           last ? group.next_planes : planes_of(n + 1), group.part_stride, 0});
    group.beside(group.context);
  }
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      const auto at = static_cast<size_t>(i * columns + j);
      const auto first = static_cast<float>(static_cast<double>(group.bias[j]) + halves[0][at]);
      group.sums[(j / kSplitColumns * rows + i) * kSplitColumns + j % kSplitColumns] =
          first + static_cast<float>(halves[1][at]);
    }
}

inline void finish(const TileFinish& tile) {
  const auto activated = [&](float x) {
    return activation_info(tile.activation.kind)
        .reference(x, tile.activation.alpha, tile.activation.beta);
  };
  for (int r = 0; r < tile.row_count; ++r)
    for (int64_t j = 0; j < tile.count; ++j) {
      const float sum = tile.sums[r * kSplitColumns + j];
      float& out = tile.outputs[r][tile.column + j];
      const float residual =
          tile.order == Residual::kNone ? 0.0f : tile.residual[r][tile.column + j];
      out = tile.order == Residual::kBeforeActivation ? activated(sum + residual)
                                                      : activated(sum) + residual;
    }
}

inline const TileKernel kTile = {
    8, kSplitColumns, {}, nullptr, [](ActivationKind) { return &finish; }};
inline const SplitKernel kKernel = {kSplitParts, &kTile,         split, [] {},
                                    products,    group_products, [] {}};

// As the table's.
inline const ConvKernel kRow = {
    "plain_split",
    CpuNeed::kNothing,
    [](const ConvProblem& p) { return split_refuse(kKernel, p); },
    1,
    [](const ConvProblem& p, const float* weights, const float* bias, float* packed) {
      split_pack(kKernel, p, weights, bias, packed);
    },
    [](const ConvProblem&) { return int64_t{1}; },
    [](const ConvProblem& p) { return split_packed_bytes(kKernel, p); },
    [](const ConvProblem& p) { return split_cost(kKernel, p); },
    [](const ConvProblem& p, int threads) { return split_scratch_bytes(kKernel, p, threads); },
    [](const ConvProblem& p, const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
       std::span<std::byte> scratch) { split_run(kKernel, p, packed, maps, pool, scratch); },
};

}  // namespace shrike::kernels::testing::plain_split
