#include "kernels/qconv/word_depthwise_finish.h"

namespace shrike::kernels {

namespace {

constexpr int kWords = 8;  // of a vector

int in_order(int i) { return i; }

// Sums of 64 bits need no carries.
void depthwise_words(const WordDepthwiseRow& row) {
  int64_t pattern = 0;
  alignas(64) float values[kMaxVectorWords];
  for (int64_t p = 0; p < row.pixels * row.channel_pitch; p += kWords) {
    const int32_t* constants = row.constants + pattern * 2 * kWords;
    const int16_t* weights = row.weights + pattern * row.pairs * 2 * kWords;
    for (int i = 0; i < kWords; ++i) {
      int64_t sum = constants[i] + (int64_t{constants[kWords + i]} << 16);
      for (int64_t g = 0; g < row.pairs; ++g) {
        const int16_t* w = weights + (g * kWords + i) * 2;
        sum += int64_t{row.band[row.offsets[2 * g] + p + i] * w[0]} +
               row.band[row.offsets[2 * g + 1] + p + i] * w[1];
      }
      values[i] = static_cast<float>(sum) * row.scales[pattern * kWords + i];
    }
    finish_run(row, p, kWords, values, finish_words);
    if (++pattern == row.patterns) pattern = 0;
  }
}

}  // namespace

const WordDepthwiseKernel kWordDepthwisePlain = {kWords, in_order, depthwise_words};

}  // namespace shrike::kernels
