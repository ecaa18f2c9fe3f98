#include "kernels/activation/vector_avx512.h"
#include "kernels/conv/depthwise.h"

namespace shrike::kernels {

namespace {

constexpr int kColumns = 32;
constexpr int kRows = 8;

// kVectors of channels, of which the last may be partly there.
template <int kVectors, bool kWhole>
struct Channels {
  __mmask16 last;

  explicit Channels(int64_t channels)
      : last(kWhole ? static_cast<__mmask16>(0xffff)
                    : lane_mask(channels - (kVectors - 1) * kLanes)) {}

  [[gnu::always_inline]] Vec input(const float* source, int v) const {
    if (kWhole || v + 1 < kVectors) return load(source + v * kLanes);
    return _mm512_maskz_loadu_ps(last, source + v * kLanes);
  }
};

template <int kCount, int kVectors>
[[gnu::always_inline]] inline void store_sums(const DepthwiseSums& tile,
                                              const Vec (&sums)[kCount][kVectors]) {
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    const Vec bias = load(tile.bias + v * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < kCount; ++r)
      store_aligned(tile.sums + r * kColumns + v * kLanes, sums[r][v] + bias);
  }
}

// Any window, tap by tap.
template <int kCount, int kVectors, bool kWhole>
void sums_of(const DepthwiseSums& tile) {
  const Channels<kVectors, kWhole> channels(tile.channels);
  Vec sums[kCount][kVectors] = {};
  for (int64_t i = 0; i < tile.taps_h; ++i) {
    const float* input = tile.input + i * tile.row_step;
    const float* weights = tile.weights + i * tile.weight_step;
    for (int64_t l = 0; l < tile.taps_w; ++l, input += tile.tap_step, weights += kColumns) {
      const float* x = input;
#pragma GCC unroll 8
      for (int r = 0; r < kCount; ++r, x += tile.pixel_step)
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v)
          sums[r][v] = fma(channels.input(x, v), load_aligned(weights + v * kLanes), sums[r][v]);
    }
  }
  store_sums(tile, sums);
}

// The form for this many channels.
template <template <int, bool> typename Form>
void by_channels(const DepthwiseSums& tile) {
  if (tile.channels == kColumns) return Form<2, true>::sums(tile);
  if (tile.channels > kLanes) return Form<2, false>::sums(tile);
  if (tile.channels == kLanes) return Form<1, true>::sums(tile);
  Form<1, false>::sums(tile);
}

template <int kCount>
struct AnyWindow {
  template <int kVectors, bool kWhole>
  struct Form {
    static void sums(const DepthwiseSums& tile) { sums_of<kCount, kVectors, kWhole>(tile); }
  };
};

template <int kCount>
void avx512_sums(const DepthwiseSums& tile) {
  by_channels<AnyWindow<kCount>::template Form>(tile);
}

}  // namespace

const DepthwiseTile kDepthwiseAvx512 = {
    &kTileAvx512,
    {nullptr, avx512_sums<1>, avx512_sums<2>, avx512_sums<3>, avx512_sums<4>, avx512_sums<5>,
     avx512_sums<6>, avx512_sums<7>, avx512_sums<8>},
};

}  // namespace shrike::kernels
