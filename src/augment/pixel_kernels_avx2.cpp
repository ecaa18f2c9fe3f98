#include "augment/pixel_kernels_avx2.h"

#if SHRIKE_AUGMENT_AVX2

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "base/cpu.h"

// The functions carry the instruction set themselves, so that no shared inline function of a
// header is compiled for AVX2 and then picked by the linker for every processor.
#define SHRIKE_AVX2 __attribute__((target("avx2")))

namespace shrike::augment_avx2 {

namespace {

constexpr int kOne = 1 << kWarpWeightBits;

SHRIKE_AVX2 inline __m128i load8(const uint8_t* p) {
  return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
}

SHRIKE_AVX2 inline int weight(int64_t coordinate) {
  return static_cast<int>(coordinate >> (kWarpFraction - kWarpWeightBits)) & (kOne - 1);
}

// A pair of weights, 1 - w below w, as two bytes and as two words.
SHRIKE_AVX2 inline int byte_pair(int w) { return (kOne - w) | w << 8; }
SHRIKE_AVX2 inline int word_pair(int w) { return (kOne - w) | w << 16; }

// R, G, B and junk of one pixel as 32-bit lanes.
SHRIKE_AVX2 inline __m128i warp_pixel(const WarpSpan& span, int64_t u, int64_t v) {
  // Left and right side by side, upper before lower: R, G, B of four bytes each.
  const __m128i pairs = _mm_setr_epi8(0, 3, 8, 11, 1, 4, 9, 12, 2, 5, 10, 13, -1, -1, -1, -1);
  const uint8_t* p = span.pixels + (v >> kWarpFraction) * span.row_bytes + (u >> kWarpFraction) * 3;
  const __m128i both = _mm_unpacklo_epi64(load8(p), load8(p + span.row_bytes));
  const __m128i across = _mm_maddubs_epi16(
      _mm_shuffle_epi8(both, pairs), _mm_set1_epi16(static_cast<int16_t>(byte_pair(weight(u)))));
  const __m128i sum = _mm_madd_epi16(across, _mm_set1_epi32(word_pair(weight(v))));
  return _mm_srli_epi32(_mm_add_epi32(sum, _mm_set1_epi32(kOne * kOne / 2)), 2 * kWarpWeightBits);
}

SHRIKE_AVX2 inline void store(int32_t four, uint8_t* out) { std::memcpy(out, &four, 4); }

// Eight pixels of a plane as floats, and back, rounded to the nearest.
SHRIKE_AVX2 inline __m256 to_floats(const uint8_t* p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(load8(p)));
}

SHRIKE_AVX2 inline void store_bytes(__m256 values, uint8_t* out) {
  const __m256i whole = _mm256_cvttps_epi32(_mm256_add_ps(values, _mm256_set1_ps(0.5f)));
  const __m128i words =
      _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(out), _mm_packus_epi16(words, words));
}

// h - 6 where h >= 6.
SHRIKE_AVX2 inline __m256 wrapped(__m256 h) {
  const __m256 six = _mm256_set1_ps(6);
  const __m256 over = _mm256_cmp_ps(h, six, _CMP_GE_OQ);
  return _mm256_sub_ps(h, _mm256_and_ps(over, six));
}

SHRIKE_AVX2 inline __m256 hue(__m256 r, __m256 g, __m256 b, __m256 most, __m256 chroma) {
  const __m256 is_red = _mm256_cmp_ps(most, r, _CMP_EQ_OQ);
  const __m256 is_green = _mm256_cmp_ps(most, g, _CMP_EQ_OQ);
  __m256 difference = _mm256_blendv_ps(_mm256_sub_ps(r, g), _mm256_sub_ps(b, r), is_green);
  difference = _mm256_blendv_ps(difference, _mm256_sub_ps(g, b), is_red);
  __m256 at = _mm256_blendv_ps(_mm256_set1_ps(4), _mm256_set1_ps(2), is_green);
  at = _mm256_andnot_ps(is_red, at);
  const __m256 h =
      _mm256_add_ps(_mm256_div_ps(difference, _mm256_max_ps(chroma, _mm256_set1_ps(1))), at);
  const __m256 negative = _mm256_cmp_ps(h, _mm256_setzero_ps(), _CMP_LT_OQ);
  return _mm256_add_ps(h, _mm256_and_ps(negative, _mm256_set1_ps(6)));
}

SHRIKE_AVX2 inline __m256 channel(float n, __m256 h, __m256 most, __m256 chroma) {
  const __m256 k = wrapped(_mm256_add_ps(_mm256_set1_ps(n), h));
  __m256 share = _mm256_min_ps(k, _mm256_sub_ps(_mm256_set1_ps(4), k));
  share = _mm256_min_ps(_mm256_max_ps(share, _mm256_setzero_ps()), _mm256_set1_ps(1));
  return _mm256_sub_ps(most, _mm256_mul_ps(chroma, share));
}

SHRIKE_AVX2 void hsv_of_eight(const HsvChange& change, PlaneRow row) {
  const __m256 r = to_floats(row.r), g = to_floats(row.g), b = to_floats(row.b);
  const __m256 most = _mm256_max_ps(_mm256_max_ps(r, g), b);
  const __m256 chroma = _mm256_sub_ps(most, _mm256_min_ps(_mm256_min_ps(r, g), b));
  const __m256 one = _mm256_set1_ps(1);
  const __m256 saturation = _mm256_div_ps(chroma, _mm256_max_ps(most, one));
  const float turn = change.h < 0 ? 6 * change.h + 6 : 6 * change.h;
  const __m256 h = wrapped(_mm256_add_ps(hue(r, g, b, most, chroma), _mm256_set1_ps(turn)));
  const __m256 new_most =
      _mm256_min_ps(_mm256_mul_ps(most, _mm256_set1_ps(change.v)), _mm256_set1_ps(255));
  const __m256 new_chroma = _mm256_mul_ps(
      new_most, _mm256_min_ps(_mm256_mul_ps(saturation, _mm256_set1_ps(change.s)), one));
  store_bytes(channel(5, h, new_most, new_chroma), row.r);
  store_bytes(channel(3, h, new_most, new_chroma), row.g);
  store_bytes(channel(1, h, new_most, new_chroma), row.b);
}

}  // namespace

bool supported() { return cpu_features().avx2_fma; }

SHRIKE_AVX2 void warp(const WarpSpan& span, size_t count, PlaneRow out) {
  // Of four pixels R, G, B, junk each to four R, four G, four B.
  const __m128i planes = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  int64_t u = span.u, v = span.v;
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    __m128i pixels[4];
    for (__m128i& pixel : pixels) {
      pixel = warp_pixel(span, u, v);
      u += span.du;
      v += span.dv;
    }
    const __m128i bytes = _mm_packus_epi16(_mm_packs_epi32(pixels[0], pixels[1]),
                                           _mm_packs_epi32(pixels[2], pixels[3]));
    const __m128i sorted = _mm_shuffle_epi8(bytes, planes);
    store(_mm_cvtsi128_si32(sorted), out.r + i);
    store(_mm_extract_epi32(sorted, 1), out.g + i);
    store(_mm_extract_epi32(sorted, 2), out.b + i);
  }
  for (; i < count; ++i, u += span.du, v += span.dv) {
    const __m128i pixel = warp_pixel(span, u, v);
    out.r[i] = static_cast<uint8_t>(_mm_cvtsi128_si32(pixel));
    out.g[i] = static_cast<uint8_t>(_mm_extract_epi32(pixel, 1));
    out.b[i] = static_cast<uint8_t>(_mm_extract_epi32(pixel, 2));
  }
}

SHRIKE_AVX2 void hsv(const HsvChange& change, size_t count, PlaneRow row) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) hsv_of_eight(change, row + i);
  if (i == count) return;
  uint8_t rest[3][8] = {};
  const PlaneRow tail = {rest[0], rest[1], rest[2]}, from = row + i;
  std::memcpy(tail.r, from.r, count - i);
  std::memcpy(tail.g, from.g, count - i);
  std::memcpy(tail.b, from.b, count - i);
  hsv_of_eight(change, tail);
  std::memcpy(from.r, tail.r, count - i);
  std::memcpy(from.g, tail.g, count - i);
  std::memcpy(from.b, tail.b, count - i);
}

}  // namespace shrike::augment_avx2

#endif  // SHRIKE_AUGMENT_AVX2
