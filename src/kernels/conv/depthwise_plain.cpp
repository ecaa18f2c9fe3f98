#include "kernels/conv/depthwise.h"

namespace shrike::kernels {

namespace {

constexpr int kColumns = 16;

template <int kCount>
void plain_sums(const DepthwiseSums& tile) {
  for (int r = 0; r < kCount; ++r) {
    float sums[kColumns] = {};
    for (int64_t i = 0; i < tile.taps_h; ++i)
      for (int64_t l = 0; l < tile.taps_w; ++l) {
        const float* x = tile.input + r * tile.pixel_step + i * tile.row_step + l * tile.tap_step;
        const float* w = tile.weights + i * tile.weight_step + l * kColumns;
        if (tile.channels == kColumns) {
          for (int j = 0; j < kColumns; ++j) sums[j] += x[j] * w[j];
        } else {
          for (int64_t j = 0; j < tile.channels; ++j) sums[j] += x[j] * w[j];
        }
      }
    for (int j = 0; j < kColumns; ++j) tile.sums[r * kColumns + j] = sums[j] + tile.bias[j];
  }
}

}  // namespace

const DepthwiseTile kDepthwisePlain = {
    &kTilePlain,
    {nullptr, plain_sums<1>, plain_sums<2>, plain_sums<3>, plain_sums<4>, plain_sums<5>,
     plain_sums<6>, nullptr, nullptr},
};

}  // namespace shrike::kernels
