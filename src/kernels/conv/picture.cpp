#include "kernels/conv/picture.h"

#include <algorithm>

#include "kernels/layout/transpose_block.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kChannels = 3;

}  // namespace

void read_pixels(const Picture& picture, int64_t y, int64_t count, float* target) {
  const float* row = picture.at(y, 0);
  if (picture.pixel == 1) {
    static const TransposeBlock transpose = transpose_block_best();
    transpose({kChannels, count, picture.channel, kChannels}, row, target);
  } else {
    for (int64_t x = 0; x < count; ++x)
      for (int64_t c = 0; c < kChannels; ++c)
        *target++ = row[x * picture.pixel + c * picture.channel];
  }
}

}  // namespace shrike::kernels
