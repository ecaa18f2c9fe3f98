// A row of depthwise outputs of words on the vectors of one instruction set: included by its file
// behind the header of vectors and
//   Ints multiply_add(Ints sums, Ints step, Ints weights)   both products of int16s, to each int32
//   finish(const WordFinish&)   the rule of word_rule.h
#pragma once

#include "kernels/qconv/word_depthwise.h"
#include "kernels/qconv/word_depthwise_finish.h"

namespace shrike::kernels {
namespace {

constexpr int kVector = 2 * kInts;  // words

// Pairs come out of interleaving 16 bytes of each of two vectors at a time.
int pair_place(int i) { return i % 8 / 4 * kInts + i / 8 * 4 + i % 4; }

// The sums of a vector, in the order of the words, times their scales.
[[gnu::always_inline]] inline void sum_vector(const WordDepthwiseRow& row, const int16_t* band,
                                              int64_t pattern, float* values) {
  const int32_t* constants = row.constants + pattern * 2 * kVector;
  const auto* weights =
      reinterpret_cast<const std::byte*>(row.weights + pattern * row.pairs * 2 * kVector);
  const int64_t block = row.block_steps[pattern];
  Ints sums[2] = {Ints{}, Ints{}}, high[2] = {Ints{}, Ints{}};
  int64_t until_carry = block;
  for (int64_t g = 0; g < row.pairs; ++g, weights += 2 * kInts * 4) {
    const Ints first = load_words(band + row.offsets[2 * g]);
    const Ints second = load_words(band + row.offsets[2 * g + 1]);
    sums[0] = multiply_add(sums[0], interleave_words_low(first, second), load_ints(weights));
    sums[1] = multiply_add(sums[1], interleave_words_high(first, second),
                           load_ints(weights + kInts * 4));
    if (block == 0 || --until_carry > 0) continue;
    until_carry = block;
    carry(sums[0], high[0]);
    carry(sums[1], high[1]);
  }
  put_in_sequence(sums[0], sums[1]);
  put_in_sequence(high[0], high[1]);
  const float* scales = row.scales + pattern * kVector;
  for (int v = 0; v < 2; ++v) {
    Floats value;
    if (block == 0) {
      value = to_floats(add_ints(sums[v], load_ints(constants + v * kInts)));
    } else {
      // What is below 2^16 in the constant fits behind a carry.
      carry(sums[v], high[v]);
      value = long_to_floats(add_ints(high[v], load_ints(constants + kVector + v * kInts)),
                             add_ints(sums[v], load_ints(constants + v * kInts)));
    }
    store_floats(values + v * kInts, value * load_floats(scales + v * kInts));
  }
}

void depthwise_words(const WordDepthwiseRow& row) {
  const int64_t words = row.pixels * row.channel_pitch;
  int64_t pattern = 0;
  alignas(64) float values[kChunk];
  for (int64_t first = 0; first < words; first += kChunk) {
    const int64_t last = std::min(first + kChunk, words);
    for (int64_t p = first; p < last; p += kVector) {
      sum_vector(row, row.band + p, pattern, values + (p - first));
      if (++pattern == row.patterns) pattern = 0;
    }
    finish_chunk(row, first, values, finish);
  }
}

}  // namespace
}  // namespace shrike::kernels
