// A row of depthwise outputs on the vectors of one instruction set: included as tile_body.h is.
#pragma once

#include "kernels/qconv/depthwise.h"
#include "kernels/qconv/finish.h"

namespace shrike::kernels {
namespace {

constexpr int kLanes = kInts / 4;  // outputs in a vector
constexpr int kQuarters = 4;       // vectors of 4 channels

// 16 bytes a pixel, of which `count` exist.
[[gnu::always_inline]] inline void store_pixel(uint8_t* target, const std::byte* source,
                                               int64_t count) {
  if (count == kDepthwiseChannels) {
    std::memcpy(target, source, kDepthwiseChannels);
  } else {
    copy_some(reinterpret_cast<std::byte*>(target), source, count);
  }
}

// Rules take a residual in the order of the accumulators: vector, output, channel.
[[gnu::always_inline]] inline void gather_residual(const QDepthwiseRow& row, int64_t x,
                                                   uint8_t* target) {
  for (int64_t lane = 0; lane < kLanes && x + lane < row.count; ++lane) {
    std::byte pixel[kDepthwiseChannels] = {};
    copy_some(pixel,
              reinterpret_cast<const std::byte*>(row.residual + (x + lane) * row.residual_step),
              row.channels);
    for (int v = 0; v < kQuarters; ++v)
      std::memcpy(target + v * kInts + lane * 4, pixel + v * 4, 4);
  }
}

template <typename Rule, bool kAdd, int kVectors>
void depthwise_row(const QDepthwiseRow& row) {
  const Rule rule(*row.rule);
  for (int64_t first = 0; first < row.count; first += kVectors * kLanes) {
    Ints sums[kVectors][kQuarters];
#pragma GCC unroll 4
    for (int v = 0; v < kQuarters; ++v) {
      const Ints constant = splat_lane(row.constants + 4 * v);
#pragma GCC unroll 4
      for (int p = 0; p < kVectors; ++p) sums[p][v] = constant;
    }
    const std::byte* weights = row.weights;
    for (int64_t t = 0; t < row.taps; ++t) {
      const std::byte* column = row.columns + row.offsets[t] + first * 16;
#pragma GCC unroll 4
      for (int v = 0; v < kQuarters; ++v, weights += 16, column += row.vector_stride) {
        const Ints w = splat_lane(weights);
#pragma GCC unroll 4
        for (int p = 0; p < kVectors; ++p)
          sums[p][v] = multiply_add(sums[p][v], load_unaligned(column + p * kInts * 4), w);
      }
    }
#pragma GCC unroll 4
    for (int p = 0; p < kVectors; ++p) {
      const int64_t x = first + p * kLanes;
      Floats values[kQuarters];
#pragma GCC unroll 4
      for (int v = 0; v < kQuarters; ++v)
        values[v] = to_floats(sums[p][v]) * splat_lane_floats(row.scales + 4 * v);
      alignas(64) uint8_t residual[4 * kInts] = {};
      if constexpr (kAdd) gather_residual(row, x, residual);
      const Words low = rule(values[0], values[1], residual);
      const Words high = rule(values[2], values[3], residual + 2 * kInts);
      alignas(64) std::byte finished[4 * kInts];
      store_bytes(finished, lanes_of_bytes(low, high));
#pragma GCC unroll 4
      for (int lane = 0; lane < kLanes; ++lane)
        if (x + lane < row.count)
          store_pixel(row.output + (x + lane) * row.output_step,
                      finished + lane * kDepthwiseChannels, row.channels);
    }
  }
}

template <bool kAdd, int kVectors>
QDepthwiseFunction depthwise_function_of(RuleKind kind) {
  switch (kind) {
    case RuleKind::kIdentity:
      return depthwise_row<StraightRule<IdentityLine, kAdd>, kAdd, kVectors>;
    case RuleKind::kLeaky:
      return depthwise_row<StraightRule<LeakyLine, kAdd>, kAdd, kVectors>;
    case RuleKind::kClip:
      return depthwise_row<StraightRule<ClipLine, kAdd>, kAdd, kVectors>;
    case RuleKind::kCurve:
      return depthwise_row<CurveRule<false, kAdd>, kAdd, kVectors>;
    default:
      return depthwise_row<CurveRule<true, kAdd>, kAdd, kVectors>;
  }
}

inline __m128i load_pixel(const uint8_t* source, int64_t channels) {
  if (channels == kDepthwiseChannels)
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(source));
  alignas(16) std::byte some[kDepthwiseChannels] = {};
  copy_some(some, reinterpret_cast<const std::byte*>(source), channels);
  return _mm_load_si128(reinterpret_cast<const __m128i*>(some));
}

inline void store_quarter(std::byte* target, __m128i value) {
  _mm_store_si128(reinterpret_cast<__m128i*>(target), value);
}

// Two rows as int16s side by side.
inline void pair_columns(const QColumns& c) {
  const __m128i nothing = _mm_setzero_si128();
  for (int64_t x = 0; x < c.count; ++x) {
    const __m128i first = load_pixel(c.rows[0] + x * c.steps[0], c.channels);
    const __m128i second = load_pixel(c.rows[1] + x * c.steps[1], c.channels);
    const __m128i first_low = _mm_unpacklo_epi8(first, nothing);
    const __m128i first_high = _mm_unpackhi_epi8(first, nothing);
    const __m128i second_low = _mm_unpacklo_epi8(second, nothing);
    const __m128i second_high = _mm_unpackhi_epi8(second, nothing);
    std::byte* target = c.target + x * 16;
    store_quarter(target, _mm_unpacklo_epi16(first_low, second_low));
    store_quarter(target + c.vector_stride, _mm_unpackhi_epi16(first_low, second_low));
    store_quarter(target + 2 * c.vector_stride, _mm_unpacklo_epi16(first_high, second_high));
    store_quarter(target + 3 * c.vector_stride, _mm_unpackhi_epi16(first_high, second_high));
  }
}

// Four rows as bytes side by side.
inline void four_columns(const QColumns& c) {
  for (int64_t x = 0; x < c.count; ++x) {
    __m128i row[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) row[i] = load_pixel(c.rows[i] + x * c.steps[i], c.channels);
    const __m128i first_low = _mm_unpacklo_epi8(row[0], row[1]);
    const __m128i first_high = _mm_unpackhi_epi8(row[0], row[1]);
    const __m128i second_low = _mm_unpacklo_epi8(row[2], row[3]);
    const __m128i second_high = _mm_unpackhi_epi8(row[2], row[3]);
    std::byte* target = c.target + x * 16;
    store_quarter(target, _mm_unpacklo_epi16(first_low, second_low));
    store_quarter(target + c.vector_stride, _mm_unpackhi_epi16(first_low, second_low));
    store_quarter(target + 2 * c.vector_stride, _mm_unpacklo_epi16(first_high, second_high));
    store_quarter(target + 3 * c.vector_stride, _mm_unpackhi_epi16(first_high, second_high));
  }
}

}  // namespace
}  // namespace shrike::kernels
