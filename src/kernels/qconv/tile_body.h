// A tile in registers, on the vectors of one instruction set: included by its file behind the
// header of vectors and
//   Ints multiply_add(Ints sums, Ints step, Ints weights)   a step's products added to each int32
#pragma once

#include "kernels/qconv/finish.h"

namespace shrike::kernels {
namespace {

template <int kRows, int kVectors, int kMaxVectors>
[[gnu::always_inline]] inline void sum_tile(const QTile& tile, Ints (&sums)[kRows][kVectors]) {
  constexpr int kVectorBytes = kInts * 4;
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    const Ints constant = load_ints(static_cast<const int32_t*>(tile.constants) + v * kInts);
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

template <typename Rule, bool kAdd, int kRows, int kVectors, int kMaxVectors>
void byte_tile(const QTile& tile) {
  Ints sums[kRows][kVectors];
  sum_tile<kRows, kVectors, kMaxVectors>(tile, sums);
  finish_bytes<kAdd>(tile, Rule(*tile.rule), sums);
}

template <typename Line, int kRows, int kVectors, int kMaxVectors>
void float_tile(const QTile& tile) {
  Ints sums[kRows][kVectors];
  sum_tile<kRows, kVectors, kMaxVectors>(tile, sums);
  finish_floats<Line>(tile, sums);
}

template <bool kAdd, int kRows, int kVectors, int kMaxVectors>
QTileFunction byte_function(RuleKind kind) {
  switch (kind) {
    case RuleKind::kIdentity:
      return byte_tile<StraightRule<IdentityLine, kAdd>, kAdd, kRows, kVectors, kMaxVectors>;
    case RuleKind::kLeaky:
      return byte_tile<StraightRule<LeakyLine, kAdd>, kAdd, kRows, kVectors, kMaxVectors>;
    case RuleKind::kClip:
      return byte_tile<StraightRule<ClipLine, kAdd>, kAdd, kRows, kVectors, kMaxVectors>;
    case RuleKind::kCurve:
      return byte_tile<CurveRule<false, kAdd>, kAdd, kRows, kVectors, kMaxVectors>;
    default:
      return byte_tile<CurveRule<true, kAdd>, kAdd, kRows, kVectors, kMaxVectors>;
  }
}

template <int kRows, int kVectors, int kMaxVectors>
QTileFunction function_of(QOutput output, RuleKind kind, bool add) {
  if (output == QOutput::kBytes)
    return add ? byte_function<true, kRows, kVectors, kMaxVectors>(kind)
               : byte_function<false, kRows, kVectors, kMaxVectors>(kind);
  if (kind == RuleKind::kLeaky) return float_tile<LeakyLine, kRows, kVectors, kMaxVectors>;
  if (kind == RuleKind::kClip) return float_tile<ClipLine, kRows, kVectors, kMaxVectors>;
  return float_tile<IdentityLine, kRows, kVectors, kMaxVectors>;
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
