#include <cstring>

#include "kernels/qconv/depthwise.h"

namespace shrike::kernels {

namespace {

constexpr int kBytes = 16;  // of a vector

// A vector of one lane: the sums are in the order of the bytes.
template <bool kAdd>
void row_of(const QDepthwiseRow& row) {
  int64_t pattern = 0;
  for (int64_t p = 0; p < row.pixels * row.channel_pitch; p += kBytes) {
    int32_t sums[kBytes];
    std::memcpy(sums, row.constants + pattern * kBytes, sizeof sums);
    const auto* weights =
        reinterpret_cast<const int16_t*>(row.weights) + pattern * row.groups * 2 * kBytes;
    for (int64_t g = 0; g < row.groups; ++g, weights += 2 * kBytes) {
      const uint8_t* first = row.band + row.offsets[2 * g] + p;
      const uint8_t* second = row.band + row.offsets[2 * g + 1] + p;
      for (int i = 0; i < kBytes; ++i)
        sums[i] = static_cast<int32_t>(
            static_cast<uint32_t>(sums[i]) +
            static_cast<uint32_t>(first[i] * weights[2 * i] + second[i] * weights[2 * i + 1]));
    }
    for (int i = 0; i < kBytes; ++i) {
      const int64_t pixel = (p + i) / row.channel_pitch, channel = (p + i) % row.channel_pitch;
      if (pixel >= row.pixels || channel >= row.channels) continue;
      const uint8_t residual = kAdd ? row.residual[pixel * row.residual_pixel + channel] : 0;
      row.output[pixel * row.output_pixel + channel] =
          output_byte(*row.rule, sums[i], row.scales[pattern * kBytes + i], kAdd, residual);
    }
    if (++pattern == row.patterns) pattern = 0;
  }
}

QDepthwiseFunction function(RuleKind, bool add) { return add ? row_of<true> : row_of<false>; }

}  // namespace

const QDepthwiseKernel kQDepthwisePlain = {kBytes, 2, function};

}  // namespace shrike::kernels
