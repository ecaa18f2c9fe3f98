// The output rule on vectors, included behind vector_avx2.h or its like.
//
// A rule makes Words of two Ints of accumulators; two such Words become 4 * kInts bytes.
#pragma once

#include <algorithm>
#include <cstring>

#include "kernels/qconv/curve.h"
#include "kernels/qconv/tile.h"

namespace shrike::kernels {
namespace {

struct IdentityLine {
  explicit IdentityLine(const OutputRule&) {}
  Floats operator()(Floats value) const { return value; }
};
struct LeakyLine {
  explicit LeakyLine(const OutputRule& rule) : slope(splat(rule.slope)) {}
  Floats operator()(Floats value) const { return bend(value, slope); }
  Floats slope;
};
struct ClipLine {
  explicit ClipLine(const OutputRule& rule) : low(splat(rule.low)), high(splat(rule.high)) {}
  Floats operator()(Floats value) const { return larger(low, smaller(high, value)); }
  Floats low, high;
};

struct FineCurve {
  explicit FineCurve(const OutputRule& rule)
      : table(rule.fine),
        least(splat(rule.least)),
        far(splat(rule.far)),
        growth(splat(rule.growth)),
        times(splat(rule.times)),
        plus(splat(rule.plus)) {}
  Floats operator()(Floats value) const {
    value = larger(smaller(value, far), least);
    const Floats place =
        smaller(value * growth + splat(kFineSegments / 2), splat(kFineSegments - 1.0f / 256));
    const Ints segment = truncate(place);
    const Floats d = place - to_floats(segment);
    const Floats c0 = gather(table, segment), c1 = gather(table + kFineSegments, segment),
                 c2 = gather(table + 2 * kFineSegments, segment);
    return (value * times + plus) * (c0 + d * (c1 + d * c2));
  }
  const float* table;
  Floats least, far, growth, times, plus;
};

// Pieces that are computed in floats. A residual is given as the bytes of the first and of the
// second Ints.
template <typename Line, bool kAdd>
class FloatRule {
 public:
  explicit FloatRule(const OutputRule& rule)
      : line_(rule),
        most_(splat(32767.0f)),
        ratio_(splat(rule.ratio)),
        residual_zero_(splat(rule.residual_zero)),
        zero_(splat_word(rule.out_zero)) {}

  Words operator()(Floats first, Floats second, const uint8_t* residual) const {
    first = line_(first);
    second = line_(second);
    if constexpr (kAdd) {
      first = first + ratio_ * (bytes_to_floats(residual) - residual_zero_);
      second = second + ratio_ * (bytes_to_floats(residual + kInts) - residual_zero_);
    }
    const Words words = narrow(round(smaller(first, most_)), round(smaller(second, most_)));
    return add_saturated(words, zero_);
  }

 private:
  const Line line_;
  const Floats most_, ratio_, residual_zero_;
  const Words zero_;
};

template <bool kBySign, bool kAdd>
class CurveRule {
 public:
  explicit CurveRule(const OutputRule& rule)
      : most_(splat(32767.0f)),
        reach_(splat_word(rule.reach)),
        factor_(splat_word(rule.factor)),
        positive_(splat_word(rule.most)),
        offset_(splat_word(rule.offset)),
        residual_zero_(splat_word(rule.residual_zero)),
        residual_ratio_(splat_word(rule.residual_ratio)),
        shift_(_mm_cvtsi32_si128(rule.shift)),
        lift_(_mm_cvtsi32_si128(rule.lift)),
        fraction_(_mm_cvtsi32_si128(rule.fraction)),
        c0_(rule.coefficients[0]),
        c1_(rule.coefficients[1]),
        c2_(rule.coefficients[2]) {}

  Words operator()(Floats first, Floats second, const uint8_t* residual) const {
    const Words u = narrow(round(smaller(first, most_)), round(smaller(second, most_)));
    const Words size = smaller_unsigned(size_of_words(u), reach_);
    const Words t = multiply_high_unsigned(shift_left(size, shift_), factor_);
    const Words place = exclusive_or(shift_left<5>(t), splat_word(-0x8000));
    const auto index = Coefficients::template index<kBySign>(t, u);
    const Words inner = add_saturated(c1_.template at<kBySign>(index),
                                      multiply_high(place, c2_.template at<kBySign>(index)));
    const Words difference =
        add_saturated(c0_.template at<kBySign>(index), multiply_high(place, inner));
    const Words positive = smaller_word(larger_word(u, splat_word(0)), positive_);
    Words value = subtract_saturated(shift_left(positive, lift_), difference);
    if constexpr (kAdd) {
      const Words distance = subtract(order(bytes_to_words(residual)), residual_zero_);
      value = add_saturated(value, multiply_high(shift_left<7>(distance), residual_ratio_));
    }
    return shift_right(add_saturated(value, offset_), fraction_);
  }

 private:
  const Floats most_;
  const Words reach_, factor_;
  const Words positive_;  // the most that u counts above 0
  const Words offset_, residual_zero_, residual_ratio_;
  const __m128i shift_, lift_, fraction_;
  const Coefficients c0_, c1_, c2_;
};

// As many of the bytes as exist.
[[gnu::always_inline]] inline void copy_some(std::byte* target, const std::byte* source,
                                             int64_t count) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) std::memcpy(target + i, source + i, 8);
  for (; i < count; ++i) target[i] = source[i];
}

// The residual of the `kRowsOf` rows from `row` on, each `kWidth` columns of which `count` exist.
template <int kRowsOf, int kWidth>
[[gnu::always_inline]] inline void gather_residual(const QTile& tile, int row, uint8_t* target) {
#pragma GCC unroll 4
  for (int r = 0; r < kRowsOf; ++r, target += kWidth) {
    const std::byte* source = tile.residual[row + r] + tile.column;
    if (tile.count >= kWidth) {
      std::memcpy(target, source, kWidth);
    } else {
      copy_some(reinterpret_cast<std::byte*>(target), source, tile.count);
    }
  }
}

// sums: a tile of kRows x kVectors Ints; rows are taken 4 / kVectors at a time.
template <bool kAdd, typename Rule, int kRows, int kVectors>
[[gnu::always_inline]] inline void finish_bytes(const QTile& tile, const Rule& rule,
                                                const Ints (&sums)[kRows][kVectors]) {
  constexpr int kRowsOf = 4 / kVectors, kWidth = kVectors * kInts;
  static_assert(kRows % kRowsOf == 0);
  Floats scales[kVectors];
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) scales[v] = load_floats(tile.scales + v * kInts);
  alignas(64) uint8_t residual[4 * kInts] = {};
#pragma GCC unroll 4
  for (int r = 0; r < kRows; r += kRowsOf) {
    Floats values[4];
#pragma GCC unroll 4
    for (int n = 0; n < 4; ++n)
      values[n] = to_floats(sums[r + n / kVectors][n % kVectors]) * scales[n % kVectors];
    if constexpr (kAdd) gather_residual<kRowsOf, kWidth>(tile, r, residual);
    const Words low = rule(values[0], values[1], residual);
    const Words high = rule(values[2], values[3], residual + 2 * kInts);
    alignas(64) std::byte finished[4 * kInts];
    store_bytes(finished, bytes(low, high));
#pragma GCC unroll 4
    for (int n = 0; n < kRowsOf; ++n) {
      std::byte* target = tile.outputs[r + n] + tile.column;
      if (tile.count >= kWidth) {
        std::memcpy(target, finished + n * kWidth, kWidth);
      } else {
        copy_some(target, finished + n * kWidth, tile.count);
      }
    }
  }
}

template <typename Line, int kRows, int kVectors>
[[gnu::always_inline]] inline void finish_floats(const QTile& tile,
                                                 const Ints (&sums)[kRows][kVectors]) {
  const Line line(*tile.rule);
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    auto* target = reinterpret_cast<float*>(tile.outputs[r]) + tile.column;
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      const Floats value = line(to_floats(sums[r][v]) * load_floats(tile.scales + v * kInts));
      if (tile.count >= (v + 1) * kInts) {
        store_floats(target + v * kInts, value);
      } else {
        alignas(64) float finished[kInts];
        store_floats(finished, value);
        for (int64_t j = v * kInts; j < tile.count; ++j) target[j] = finished[j - v * kInts];
      }
    }
  }
}

}  // namespace
}  // namespace shrike::kernels
