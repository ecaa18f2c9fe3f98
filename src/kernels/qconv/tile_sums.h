// The sums of a tile in registers, on the vectors of one instruction set: included by its file behind
// the header of vectors and
//   Ints multiply_add(Ints sums, Ints step, Ints weights)   a step's products added to each int32
#pragma once

#include "kernels/qconv/tile.h"

namespace shrike::kernels {
namespace {

template <int kRows, int kVectors, int kMaxVectors>
[[gnu::always_inline]] inline void sum_tile(const QTile& tile, Ints (&sums)[kRows][kVectors]) {
  constexpr int kVectorBytes = kInts * 4;
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    const Ints constant = load_ints(tile.constants + v * kInts);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) sums[r][v] = constant;
  }
  const std::byte* weights = tile.weights;
  for (int64_t s = 0; s < tile.runs; ++s) {
    const std::byte* row[kRows];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) row[r] = tile.inputs[r] + tile.offsets[s];
    for (int64_t k = 0; k < 4 * tile.steps; k += 4, weights += kMaxVectors * kVectorBytes) {
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
  }
}

// Bytes widened to int16, less `zero`.
inline void widen(const std::byte* bytes, int64_t count, int zero, std::byte* target) {
  const auto* source = reinterpret_cast<const uint8_t*>(bytes);
  const Words zeros = splat_word(zero);
  int64_t i = 0;
  for (; i + 2 * kInts <= count; i += 2 * kInts)
    store_words(target + 2 * i, subtract(bytes_to_words(source + i), zeros));
  auto* words = reinterpret_cast<int16_t*>(target);
  for (; i < count; ++i) words[i] = static_cast<int16_t>(source[i] - zero);
}

}  // namespace
}  // namespace shrike::kernels
