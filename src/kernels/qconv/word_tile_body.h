// A tile of words on the vectors of one instruction set: included by its file behind what
// tile_sums.h asks for and
//   finish(const WordFinish&)   the rule of word_rule.h
#pragma once

#include "kernels/qconv/tile_sums.h"
#include "kernels/qconv/word_rule.h"

namespace shrike::kernels {
namespace {

// As sum_tile, with carries: sums are the low parts, `high` the others.
template <int kRows, int kVectors, int kMaxVectors>
[[gnu::always_inline]] inline void sum_long_tile(const QTile& tile, Ints (&sums)[kRows][kVectors],
                                                 int32_t (&high)[kRows][kVectors * kInts]) {
  constexpr int kVectorBytes = kInts * 4;
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    const Ints low = load_ints(tile.constants + v * kInts);
    const Ints upper = load_ints(tile.constants + (kMaxVectors + v) * kInts);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      sums[r][v] = low;
      store_ints(high[r] + v * kInts, upper);
    }
  }
  const std::byte* weights = tile.weights;
  int64_t until_carry = tile.block_steps;
  for (int64_t s = 0; s < tile.runs; ++s) {
    const std::byte* row[kRows];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) row[r] = tile.inputs[r] + tile.offsets[s];
    for (int64_t k = 0; k < 4 * tile.steps;) {
      const int64_t left = tile.steps - k / 4, steps = left < until_carry ? left : until_carry;
      for (const int64_t end = k + 4 * steps; k < end;
           k += 4, weights += kMaxVectors * kVectorBytes) {
        Ints w[kVectors];
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) w[v] = load_ints(weights + v * kVectorBytes);
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) {
          const Ints step = splat_step(row[r] + k);
#pragma GCC unroll 2
          for (int v = 0; v < kVectors; ++v) sums[r][v] = multiply_add(sums[r][v], step, w[v]);
        }
      }
      until_carry -= steps;
      if (until_carry > 0) continue;
      until_carry = tile.block_steps;
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
          Ints upper = load_ints(high[r] + v * kInts);
          carry(sums[r][v], upper);
          store_ints(high[r] + v * kInts, upper);
        }
    }
  }
}

template <int kRows, int kVectors, int kMaxVectors>
void word_tile(const QTile& tile) {
  constexpr int kWidth = kVectors * kInts;
  Ints sums[kRows][kVectors];
  alignas(64) float values[kRows][kMaxVectors * kInts];
  if (tile.block_steps == 0) {
    sum_tile<kRows, kVectors, kMaxVectors>(tile, sums);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v)
        store_floats(values[r] + v * kInts,
                     to_floats(sums[r][v]) * load_floats(tile.scales + v * kInts));
  } else {
    alignas(64) int32_t high[kRows][kWidth];
    sum_long_tile<kRows, kVectors, kMaxVectors>(tile, sums, high);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v)
        store_floats(values[r] + v * kInts, long_to_floats(load_ints(high[r] + v * kInts),
                                                           sums[r][v]) *
                                                load_floats(tile.scales + v * kInts));
  }
  finish({tile.word_rule, values[0], kRows, kMaxVectors * kInts, tile.count, tile.outputs,
          tile.residual, tile.column});
}

template <int kRows>
QTileFunction word_function(QOutput, RuleKind, bool, int64_t count) {
  return count <= kInts ? word_tile<kRows, 1, 2> : word_tile<kRows, 2, 2>;
}

void copy_words(const std::byte* source, int64_t count, int, std::byte* target) {
  std::memcpy(target, source, 2 * static_cast<size_t>(count));
}

}  // namespace
}  // namespace shrike::kernels
