// A row of depthwise outputs on the vectors of one instruction set: included by its file behind the
// header of vectors and
//   kGroupTaps, how many taps an Ints' 4 bytes hold
//   Ints multiply_add(Ints sums, Ints step, Ints weights)   a group's products added to each int32
#pragma once

#include "kernels/qconv/depthwise.h"
#include "kernels/qconv/finish.h"

namespace shrike::kernels {
namespace {

constexpr int kVectorBytes = 4 * kInts;
constexpr int kQuarters = 4;  // Ints of a vector's sums
// Sums of Ints v are of bytes 16 i + 4 v + k, in place 4 i + k.
constexpr int kLaneBytes = 16;

// Some taps' bytes beside each other, for the sums of each quarter.
[[gnu::always_inline]] inline void interleave(const uint8_t* band, const int64_t* offsets,
                                              Ints (&steps)[kQuarters]) {
  const Ints first = load_bytes(band + offsets[0]), second = load_bytes(band + offsets[1]);
  Ints low, high, low2, high2;  // of two times 8 bytes in 16
  if constexpr (kGroupTaps == 2) {
    const Ints nothing = Ints{};
    low = interleave_bytes_low(first, nothing);
    high = interleave_bytes_high(first, nothing);
    low2 = interleave_bytes_low(second, nothing);
    high2 = interleave_bytes_high(second, nothing);
  } else {
    const Ints third = load_bytes(band + offsets[2]), fourth = load_bytes(band + offsets[3]);
    low = interleave_bytes_low(first, second);
    high = interleave_bytes_high(first, second);
    low2 = interleave_bytes_low(third, fourth);
    high2 = interleave_bytes_high(third, fourth);
  }
  steps[0] = interleave_words_low(low, low2);
  steps[1] = interleave_words_high(low, low2);
  steps[2] = interleave_words_low(high, high2);
  steps[3] = interleave_words_high(high, high2);
}

// Bytes [first, last) of a row between the row's own order and pixels `stride` apart, as
// copy(pixel's bytes, row's bytes, count) does it.
template <typename Byte, typename Copy>
[[gnu::always_inline]] inline void by_pixels(const QDepthwiseRow& row, int64_t first, int64_t last,
                                             Byte* map, int64_t stride, const Copy& copy) {
  int64_t pixel = first / row.channel_pitch, channel = first % row.channel_pitch;
  for (int64_t p = first; p < last; ++pixel, channel = 0) {
    const int64_t end = std::min(last, (pixel + 1) * row.channel_pitch);
    const int64_t exist = std::min(row.channels - channel, end - p);
    if (exist > 0) copy(map + pixel * stride + channel, p - first, exist);
    p = end;
  }
}

// Rules take a residual in the order of the accumulators.
[[gnu::always_inline]] inline void gather_residual(const QDepthwiseRow& row, int64_t first,
                                                   int64_t last, uint8_t* target) {
  by_pixels(row, first, last, row.residual, row.residual_pixel,
            [&](const uint8_t* source, int64_t at, int64_t count) {
              for (int64_t i = 0; i < count; ++i) {
                const int64_t byte = at + i, lane = byte / kLaneBytes, in_lane = byte % kLaneBytes;
                target[in_lane / 4 * kInts + lane * 4 + in_lane % 4] = source[i];
              }
            });
}

template <typename Rule, bool kAdd>
void depthwise_row(const QDepthwiseRow& row) {
  const Rule rule(*row.rule);
  const int64_t bytes = row.pixels * row.channel_pitch;
  const bool dense = row.output_pixel == row.channels && row.channels == row.channel_pitch;
  int64_t pattern = 0;
  for (int64_t p = 0; p < bytes; p += kVectorBytes) {
    Ints sums[kQuarters];
    const int32_t* constants = row.constants + pattern * kVectorBytes;
#pragma GCC unroll 4
    for (int v = 0; v < kQuarters; ++v) sums[v] = load_ints(constants + v * kInts);
    const std::byte* weights = row.weights + pattern * row.groups * 4 * kVectorBytes;
    for (int64_t g = 0; g < row.groups; ++g) {
      Ints steps[kQuarters];
      interleave(row.band + p, row.offsets + g * kGroupTaps, steps);
#pragma GCC unroll 4
      for (int v = 0; v < kQuarters; ++v, weights += kVectorBytes)
        sums[v] = multiply_add(sums[v], steps[v], load_ints(weights));
    }
    Floats values[kQuarters];
    const float* scales = row.scales + pattern * kVectorBytes;
#pragma GCC unroll 4
    for (int v = 0; v < kQuarters; ++v)
      values[v] = to_floats(sums[v]) * load_floats(scales + v * kInts);
    const int64_t last = std::min(bytes, p + kVectorBytes);
    alignas(64) uint8_t residual[kVectorBytes] = {};
    if constexpr (kAdd) gather_residual(row, p, last, residual);
    const Words low = rule(values[0], values[1], residual);
    const Words high = rule(values[2], values[3], residual + 2 * kInts);
    const Ints finished = lanes_of_bytes(low, high);
    if (dense && last == p + kVectorBytes) {
      store_words(reinterpret_cast<std::byte*>(row.output + p), finished);
    } else {
      alignas(64) std::byte some[kVectorBytes];
      store_bytes(some, finished);
      by_pixels(row, p, last, row.output, row.output_pixel,
                [&](uint8_t* target, int64_t at, int64_t count) {
                  copy_some(reinterpret_cast<std::byte*>(target), some + at, count);
                });
    }
    if (++pattern == row.patterns) pattern = 0;
  }
}

template <bool kAdd>
QDepthwiseFunction depthwise_function_of(RuleKind kind) {
  switch (kind) {
    case RuleKind::kIdentity:
      return depthwise_row<FloatRule<IdentityLine, kAdd>, kAdd>;
    case RuleKind::kLeaky:
      return depthwise_row<FloatRule<LeakyLine, kAdd>, kAdd>;
    case RuleKind::kClip:
      return depthwise_row<FloatRule<ClipLine, kAdd>, kAdd>;
    case RuleKind::kFineCurve:
      return depthwise_row<FloatRule<FineCurve, kAdd>, kAdd>;
    case RuleKind::kCurve:
      return depthwise_row<CurveRule<false, kAdd>, kAdd>;
    default:
      return depthwise_row<CurveRule<true, kAdd>, kAdd>;
  }
}

QDepthwiseFunction depthwise_function(RuleKind kind, bool add) {
  return add ? depthwise_function_of<true>(kind) : depthwise_function_of<false>(kind);
}

}  // namespace
}  // namespace shrike::kernels
