#include "kernels/conv/picture.h"

#include <algorithm>

#include "kernels/layout/transpose_block.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kChannels = 3;

}  // namespace

void read_pixels(const Picture& picture, int64_t y, int64_t count, float* target) {
  const float* row = picture.at(y, 0);
  if (picture.channel == 1 && picture.pixel == kChannels) {
    std::copy_n(row, count * kChannels, target);
  } else if (picture.pixel == 1) {
    static const TransposeBlock transpose = transpose_block_best();
    transpose({kChannels, count, picture.channel, kChannels}, row, target);
  } else {
    for (int64_t x = 0; x < count; ++x)
      for (int64_t c = 0; c < kChannels; ++c)
        *target++ = row[x * picture.pixel + c * picture.channel];
  }
}

void read_row(const Picture& picture, int64_t height, int64_t width, int64_t y, int64_t x,
              int64_t count, float* target) {
  const int64_t first = std::max<int64_t>(x, 0);
  const int64_t inside = std::min(width, x + count) - first;
  if (y < 0 || y >= height || inside <= 0) {
    std::fill_n(target, count * kChannels, 0.0f);
    return;
  }
  const Picture part{picture.at(0, first), picture.row, picture.pixel, picture.channel};
  float* const begin = target + (first - x) * kChannels;
  std::fill(target, begin, 0.0f);
  read_pixels(part, y, inside, begin);
  std::fill(begin + inside * kChannels, target + count * kChannels, 0.0f);
}

}  // namespace shrike::kernels
