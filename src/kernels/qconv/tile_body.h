// A tile of bytes on the vectors of one instruction set: included by its file behind what
// tile_sums.h asks for.
#pragma once

#include "kernels/qconv/finish.h"
#include "kernels/qconv/tile_sums.h"

namespace shrike::kernels {
namespace {

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
      return byte_tile<FloatRule<IdentityLine, kAdd>, kAdd, kRows, kVectors, kMaxVectors>;
    case RuleKind::kLeaky:
      return byte_tile<FloatRule<LeakyLine, kAdd>, kAdd, kRows, kVectors, kMaxVectors>;
    case RuleKind::kClip:
      return byte_tile<FloatRule<ClipLine, kAdd>, kAdd, kRows, kVectors, kMaxVectors>;
    case RuleKind::kFineCurve:
      return byte_tile<FloatRule<FineCurve, kAdd>, kAdd, kRows, kVectors, kMaxVectors>;
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

}  // namespace
}  // namespace shrike::kernels
