// What follows the sums of depthwise outputs: private to word_depthwise_*.cpp.
#pragma once

#include <algorithm>

#include "kernels/qconv/word_depthwise.h"

namespace shrike::kernels {
namespace {

constexpr int64_t kChunk = 256;  // words finished at once: a multiple of every vector

// Words [first, first + kChunk) of a row from their values, those that exist, pixel by pixel.
inline void finish_chunk(const WordDepthwiseRow& row, int64_t first, const float* values,
                         WordFinishFunction finish) {
  const int64_t bytes = row.rule->floats ? sizeof(float) : sizeof(int16_t);
  const int64_t last = std::min(first + kChunk, row.pixels * row.channel_pitch);
  const bool dense = row.channels == row.channel_pitch &&
                     row.output_pixel == row.channels * bytes &&
                     (!row.rule->add || row.residual_pixel == row.channels * 2);
  if (dense) {
    std::byte* output = row.output + first * bytes;
    const std::byte* residual = row.rule->add ? row.residual + first * 2 : nullptr;
    return finish({row.rule, values, 1, kChunk, last - first, &output, &residual, 0});
  }
  alignas(64) float some[kChunk] = {};
  for (int64_t p = first; p < last;) {
    const int64_t pixel = p / row.channel_pitch, channel = p % row.channel_pitch;
    const int64_t end = std::min(last, (pixel + 1) * row.channel_pitch);
    const int64_t exist = std::min(row.channels - channel, end - p);
    if (exist > 0) {
      std::copy_n(values + (p - first), exist, some);
      std::byte* output = row.output + pixel * row.output_pixel;
      const std::byte* residual =
          row.rule->add ? row.residual + pixel * row.residual_pixel : nullptr;
      finish({row.rule, some, 1, kChunk, exist, &output, &residual, channel});
    }
    p = end;
  }
}

}  // namespace
}  // namespace shrike::kernels
