#include <immintrin.h>

#include "kernels/conv/depthwise.h"
#include "kernels/tile/mask_avx2.h"

namespace shrike::kernels {

namespace {

constexpr int kColumns = 16;

// kWhole: all 16 channels exist; else loads are masked.
template <int kCount, bool kWhole>
void sums_of(const DepthwiseSums& tile) {
  const __m256i low = lane_mask(tile.channels < 8 ? tile.channels : 8);
  const __m256i high = lane_mask(tile.channels < 8 ? 0 : tile.channels - 8);
  __m256 sums[kCount][2];
#pragma GCC unroll 8
  for (int r = 0; r < kCount; ++r) {
    sums[r][0] = _mm256_setzero_ps();
    sums[r][1] = _mm256_setzero_ps();
  }
  for (int64_t i = 0; i < tile.taps_h; ++i) {
    const float* input = tile.input + i * tile.row_step;
    const float* weights = tile.weights + i * tile.weight_step;
    for (int64_t l = 0; l < tile.taps_w; ++l, input += tile.tap_step, weights += kColumns) {
      const __m256 w0 = _mm256_load_ps(weights);
      const __m256 w1 = _mm256_load_ps(weights + 8);
      const float* x = input;
#pragma GCC unroll 8
      for (int r = 0; r < kCount; ++r, x += tile.pixel_step) {
        const __m256 x0 = kWhole ? _mm256_loadu_ps(x) : _mm256_maskload_ps(x, low);
        const __m256 x1 = kWhole ? _mm256_loadu_ps(x + 8) : _mm256_maskload_ps(x + 8, high);
        sums[r][0] = _mm256_fmadd_ps(x0, w0, sums[r][0]);
        sums[r][1] = _mm256_fmadd_ps(x1, w1, sums[r][1]);
      }
    }
  }
  const __m256 bias0 = _mm256_loadu_ps(tile.bias), bias1 = _mm256_loadu_ps(tile.bias + 8);
#pragma GCC unroll 8
  for (int r = 0; r < kCount; ++r) {
    _mm256_store_ps(tile.sums + r * kColumns, _mm256_add_ps(sums[r][0], bias0));
    _mm256_store_ps(tile.sums + r * kColumns + 8, _mm256_add_ps(sums[r][1], bias1));
  }
}

template <int kCount>
void avx2_sums(const DepthwiseSums& tile) {
  if (tile.channels == kColumns) {
    sums_of<kCount, true>(tile);
  } else {
    sums_of<kCount, false>(tile);
  }
}

}  // namespace

const DepthwiseTile kDepthwiseAvx2 = {
    &kTileAvx2,
    {nullptr, avx2_sums<1>, avx2_sums<2>, avx2_sums<3>, avx2_sums<4>, avx2_sums<5>, avx2_sums<6>,
     nullptr, nullptr},
};

}  // namespace shrike::kernels
