// Rows of pictures taken apart for stem_winograd.h. Included behind activation/vector_avx512.h.
#pragma once

#include <algorithm>

#include "kernels/conv/stem_winograd.h"

namespace shrike::kernels {
namespace {

inline __m512i lane_numbers() {
  return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

// Numbers x to x + 15 of `count`; zeros for those that are not there.
[[gnu::always_inline]] inline Vec numbers_of(const float* row, int64_t x, int64_t count) {
  if (x >= 0 && x + kLanes <= count) return load(row + x);
  if (x >= 0) return x < count ? load_some(row + x, count - x) : splat(0.0f);
  const int64_t before = -x;
  if (before >= kLanes) return splat(0.0f);
  const __m512i from =
      _mm512_sub_epi32(lane_numbers(), _mm512_set1_epi32(static_cast<int>(before)));
  return _mm512_maskz_permutexvar_ps(static_cast<Mask>(~lane_mask(before)), from,
                                     load_some(row, std::min(count, kLanes - before)));
}

// From 16 pixels those of each channel.
[[gnu::always_inline]] inline void channels_of(const Vec (&pixels)[3], Vec (&channels)[3]) {
  const __m512i third = _mm512_mullo_epi32(lane_numbers(), _mm512_set1_epi32(3));
#pragma GCC unroll 3
  for (int c = 0; c < 3; ++c) {
    // Of numbers 3 l + c the first two vectors have those below 32.
    const __m512i from = _mm512_add_epi32(third, _mm512_set1_epi32(c));
    const Vec some = _mm512_permutex2var_ps(pixels[0], from, pixels[1]);
    channels[c] = _mm512_mask_permutexvar_ps(
        some, _mm512_cmpge_epi32_mask(from, _mm512_set1_epi32(32)), from, pixels[2]);
  }
}

// Of 64 columns each fourth: parts[i] has columns 4 l + i.
[[gnu::always_inline]] inline void each_fourth(const Vec (&columns)[4], Vec (&parts)[4]) {
  const __m512i eight = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 0, 4, 8, 12, 16, 20, 24, 28);
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const __m512i from = _mm512_add_epi32(eight, _mm512_set1_epi32(i));
    const Vec low = _mm512_permutex2var_ps(columns[0], from, columns[1]);
    const Vec high = _mm512_permutex2var_ps(columns[2], from, columns[3]);
    parts[i] = _mm512_mask_blend_ps(0xff00, low, high);
  }
}

void take_apart(const StemColumns& from) {
  constexpr int64_t kChannels = 3;
  for (int64_t t = 0; t < from.stride; t += kLanes) {
    Vec columns[kChannels][kStemTile];
#pragma GCC unroll 4
    for (int64_t q = 0; q < kStemTile; ++q) {
      const int64_t x = kStemTile * t + q * kLanes - from.pad;
      if (from.pixel == 1) {
#pragma GCC unroll 3
        for (int64_t c = 0; c < kChannels; ++c)
          columns[c][q] = numbers_of(from.row + c * from.channel, x, from.width);
      } else {
        Vec pixels[3], channels[3];
#pragma GCC unroll 3
        for (int64_t i = 0; i < 3; ++i)
          pixels[i] = numbers_of(from.row, kChannels * x + i * kLanes, kChannels * from.width);
        channels_of(pixels, channels);
#pragma GCC unroll 3
        for (int64_t c = 0; c < kChannels; ++c) columns[c][q] = channels[c];
      }
    }
#pragma GCC unroll 3
    for (int64_t c = 0; c < kChannels; ++c) {
      Vec parts[kStemTile];
      each_fourth(columns[c], parts);
#pragma GCC unroll 4
      for (int64_t i = 0; i < kStemTile; ++i)
        store_aligned(from.columns + (kStemTile * c + i) * from.stride + t, parts[i]);
    }
  }
}

}  // namespace
}  // namespace shrike::kernels
