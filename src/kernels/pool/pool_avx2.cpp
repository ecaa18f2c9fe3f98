#include <immintrin.h>

#include "kernels/pool/window.h"
#include "kernels/tile/mask_avx2.h"

namespace shrike::kernels {

namespace {

struct Largest {
  static __m256 start() { return _mm256_set1_ps(-__builtin_inff()); }
  // The second operand comes back where one is a NaN: as the reference has it.
  static __m256 add(__m256 sum, __m256 x) { return _mm256_max_ps(x, sum); }
  static __m256 finish(__m256 sum, __m256) { return sum; }
};

struct Mean {
  static __m256 start() { return _mm256_setzero_ps(); }
  static __m256 add(__m256 sum, __m256 x) { return _mm256_add_ps(sum, x); }
  static __m256 finish(__m256 sum, __m256 divisor) { return _mm256_div_ps(sum, divisor); }
};

// kVectors vectors of channels from `channel`.
template <typename Kind, int kVectors>
void reduce_whole(const PoolWindow& w, int64_t channel) {
  __m256 sums[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) sums[v] = Kind::start();
  for (int64_t i = 0; i < w.taps_h; ++i) {
    const float* in = w.input + i * w.row_step + channel;
    for (int64_t j = 0; j < w.taps_w; ++j, in += w.tap_step)
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[v] = Kind::add(sums[v], _mm256_loadu_ps(in + 8 * v));
  }
  const __m256 divisor = _mm256_set1_ps(w.divisor);
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v)
    _mm256_storeu_ps(w.output + channel + 8 * v, Kind::finish(sums[v], divisor));
}

template <typename Kind>
void reduce_some(const PoolWindow& w, int64_t channel) {
  const int64_t left = w.channels - channel;
  __m256 sum = Kind::start();
  for (int64_t i = 0; i < w.taps_h; ++i)
    for (int64_t j = 0; j < w.taps_w; ++j)
      sum = Kind::add(sum, load_some(w.input + i * w.row_step + j * w.tap_step + channel, left));
  store_some(w.output + channel, Kind::finish(sum, _mm256_set1_ps(w.divisor)), left);
}

template <typename Kind>
void reduce(const PoolWindow& w) {
  int64_t channel = 0;
  for (; channel + 32 <= w.channels; channel += 32) reduce_whole<Kind, 4>(w, channel);
  for (; channel + 8 <= w.channels; channel += 8) reduce_whole<Kind, 1>(w, channel);
  if (channel < w.channels) reduce_some<Kind>(w, channel);
}

}  // namespace

void pool_window_avx2(const PoolWindow& window) {
  if (window.kind == PoolKind::kMax) {
    reduce<Largest>(window);
  } else {
    reduce<Mean>(window);
  }
}

}  // namespace shrike::kernels
