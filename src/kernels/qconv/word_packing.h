// What every PackedConv of words begins with: of each output channel the scale and what its sums
// begin with, of each panel how long they stay in 32 bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/tensor.h"
#include "kernels/qconv/word_conv.h"

namespace shrike::kernels {

// Offsets in bytes. `panels` of `columns` channels, those that pad counted.
struct WordPacking {
  WordPacking(int64_t panels, int64_t columns, int64_t weight_count)
      : scales(0),
        constants(align_up(static_cast<size_t>(panels * columns) * sizeof(float))),
        block_steps(constants + align_up(static_cast<size_t>(panels * columns) * sizeof(int64_t))),
        weights(block_steps + align_up(static_cast<size_t>(panels) * sizeof(int64_t))),
        total(weights + align_up(static_cast<size_t>(weight_count) * sizeof(int16_t))) {}

  template <typename T, typename Byte>
  static T* at(Byte* bytes, size_t offset) {
    return reinterpret_cast<T*>(bytes + offset);
  }

  // scales: [panel][column]. constants: int64 [channel] of the reference, of the others int32
  // [panel][low, high][column] as tile.h has them.
  size_t scales, constants, block_steps, weights, total;
};

// Of input - zero as it is multiplied.
int64_t largest_factor(const WordConvProblem& problem);

// What output o's sums begin with: the bias, less what inputs that are taken with their zero count
// too much.
int64_t constant_of(const WordConvProblem& problem, const WordConvWeights& weights, int64_t o);

// A panel's channels, before split_constants(): constants as int64 [column].
//
// Splits them into [low, high][column] and returns the panel's block_steps: the largest number of
// steps of which any `steps / number` that follow each other, counted from the first, add up to what
// an int32 holds beside a carry's rest; 0 where it holds all. weights: [steps][columns][2].
int64_t split_constants(const WordConvProblem& problem, const int16_t* weights, int64_t steps,
                        int64_t columns, const int64_t* constants, int32_t* split);

}  // namespace shrike::kernels
