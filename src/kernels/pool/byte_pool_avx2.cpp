#include <immintrin.h>

#include "kernels/pool/byte_window.h"

namespace shrike::kernels {

namespace {

// 32 channels, or the 8 that SSE's narrow loads take.
void largest_of_32(const BytePoolWindow& w, int64_t channel) {
  __m256i largest = _mm256_setzero_si256();
  for (int64_t i = 0; i < w.taps_h; ++i)
    for (int64_t j = 0; j < w.taps_w; ++j)
      largest = _mm256_max_epu8(largest, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(
                                             w.input + i * w.row_step + j * w.tap_step + channel)));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(w.output + channel), largest);
}

void largest_of_8(const BytePoolWindow& w, int64_t channel) {
  __m128i largest = _mm_setzero_si128();
  for (int64_t i = 0; i < w.taps_h; ++i)
    for (int64_t j = 0; j < w.taps_w; ++j)
      largest = _mm_max_epu8(largest, _mm_loadl_epi64(reinterpret_cast<const __m128i*>(
                                          w.input + i * w.row_step + j * w.tap_step + channel)));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(w.output + channel), largest);
}

void largest_of_1(const BytePoolWindow& w, int64_t channel) {
  uint8_t largest = 0;
  for (int64_t i = 0; i < w.taps_h; ++i)
    for (int64_t j = 0; j < w.taps_w; ++j) {
      const uint8_t x = w.input[i * w.row_step + j * w.tap_step + channel];
      largest = x > largest ? x : largest;
    }
  w.output[channel] = largest;
}

}  // namespace

void byte_pool_window_avx2(const BytePoolWindow& w) {
  int64_t channel = 0;
  for (; channel + 32 <= w.channels; channel += 32) largest_of_32(w, channel);
  for (; channel + 8 <= w.channels; channel += 8) largest_of_8(w, channel);
  for (; channel < w.channels; ++channel) largest_of_1(w, channel);
}

}  // namespace shrike::kernels
