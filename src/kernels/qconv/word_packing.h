// What every PackedConv of words begins with: the rule, and of each output channel the scale and
// the bias.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/tensor.h"
#include "kernels/qconv/word_rule.h"

namespace shrike::kernels {

// Offsets in bytes. `channels` counts what pads, too; `panels` are those whose block_steps differ.
struct WordPacking {
  WordPacking(int64_t channels, int64_t panels, int64_t weight_count)
      : scales(align_up(sizeof(WordRule))),
        bias(scales + align_up(static_cast<size_t>(channels) * sizeof(float))),
        block_steps(bias + align_up(static_cast<size_t>(channels) * sizeof(double))),
        weights(block_steps + align_up(static_cast<size_t>(panels) * sizeof(int64_t))),
        total(weights + align_up(static_cast<size_t>(weight_count) * sizeof(int16_t))) {}

  template <typename T, typename Byte>
  static T* at(Byte* bytes, size_t offset) {
    return reinterpret_cast<T*>(bytes + offset);
  }

  size_t scales, bias, block_steps, weights, total;
};

}  // namespace shrike::kernels
