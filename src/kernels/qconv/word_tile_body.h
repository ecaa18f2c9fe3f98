// A tile of words on the vectors of one instruction set: included by its file behind the header of
// vectors and
//   Ints multiply_add(Ints sums, Ints step, Ints weights)   both products of int16s, to each int32
//
// Sums run in int32 for tile.block_steps steps, then are added to doubles, which hold them exactly.
#pragma once

#include "kernels/qconv/tile.h"
#include "kernels/qconv/word_rule.h"

namespace shrike::kernels {
namespace {

template <int kRows, int kVectors>
struct WordSums {
  alignas(64) double wide[kRows][kVectors * kInts];

  [[gnu::always_inline]] void begin(const double* constants) {
    for (int r = 0; r < kRows; ++r)
      for (int j = 0; j < kVectors * kInts; ++j) wide[r][j] = constants[j];
  }

  // `steps` steps of every row, at most a block.
  template <int kMaxVectors>
  [[gnu::always_inline]] const std::byte* add(const std::byte* const (&row)[kRows], int64_t first,
                                              int64_t steps, const std::byte* weights) {
    constexpr int kVectorBytes = kInts * 4;
    Ints sums[kRows][kVectors];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sums[r][v] = Ints{};
    for (int64_t k = 4 * first; k < 4 * (first + steps);
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
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) add_to_doubles(wide[r] + v * kInts, sums[r][v]);
    return weights;
  }
};

template <bool kFloats, int kRows, int kVectors, int kMaxVectors>
void word_tile(const QTile& tile) {
  WordSums<kRows, kVectors> sums;
  sums.begin(static_cast<const double*>(tile.constants));
  const std::byte* weights = tile.weights;
  for (int64_t s = 0; s < tile.runs; ++s) {
    const std::byte* row[kRows];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) row[r] = tile.inputs[r] + tile.offsets[s];
    for (int64_t k = 0; k < tile.steps; k += tile.block_steps) {
      const int64_t left = tile.steps - k;
      weights = sums.template add<kMaxVectors>(
          row, k, left < tile.block_steps ? left : tile.block_steps, weights);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    if constexpr (kFloats) {
      finish_floats(*tile.word_rule, sums.wide[r], tile.scales, tile.count,
                    reinterpret_cast<float*>(tile.outputs[r]) + tile.column);
    } else {
      const auto* residual = tile.word_rule->add
                                 ? reinterpret_cast<const int16_t*>(tile.residual[r]) + tile.column
                                 : nullptr;
      finish_words(*tile.word_rule, sums.wide[r], tile.scales, residual, tile.count,
                   reinterpret_cast<int16_t*>(tile.outputs[r]) + tile.column);
    }
  }
}

template <int kRows>
QTileFunction word_function(QOutput output, RuleKind, bool, int64_t count) {
  const bool floats = output == QOutput::kFloats;
  if (count <= kInts) return floats ? word_tile<true, kRows, 1, 2> : word_tile<false, kRows, 1, 2>;
  return floats ? word_tile<true, kRows, 2, 2> : word_tile<false, kRows, 2, 2>;
}

void copy_words(const std::byte* source, int64_t count, int, std::byte* target) {
  std::memcpy(target, source, 2 * static_cast<size_t>(count));
}

}  // namespace
}  // namespace shrike::kernels
