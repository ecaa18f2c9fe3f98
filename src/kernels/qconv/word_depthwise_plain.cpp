#include "kernels/qconv/word_depthwise_finish.h"

namespace shrike::kernels {

namespace {

constexpr int kWords = 8;  // of a vector

int in_order(int i) { return i; }

// The values of a vector. Sums of 64 bits need no carries.
void sum_vector(const WordDepthwiseRow& row, int64_t p, int64_t pattern, float* values) {
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
}

void depthwise_words(const WordDepthwiseRow& row) {
  const int64_t words = row.pixels * row.channel_pitch;
  int64_t pattern = 0;
  alignas(64) float values[kChunk];
  for (int64_t first = 0; first < words; first += kChunk) {
    for (int64_t p = first; p < std::min(first + kChunk, words); p += kWords) {
      sum_vector(row, p, pattern, values + (p - first));
      if (++pattern == row.patterns) pattern = 0;
    }
    finish_chunk(row, first, values, finish_words);
  }
}

}  // namespace

const WordDepthwiseKernel kWordDepthwisePlain = {kWords, in_order, depthwise_words};

}  // namespace shrike::kernels
