#include "vision/row_kernels_avx2.h"

#if SHRIKE_VISION_AVX2

#include <immintrin.h>

#include <cstring>

#include "base/cpu.h"

// The functions carry the instruction set themselves, so that no shared inline function of a
// header is compiled for AVX2 and then picked by the linker for every processor.
#define SHRIKE_AVX2 __attribute__((target("avx2")))

namespace shrike::avx2 {

namespace {

SHRIKE_AVX2 inline __m128i load8(const uint8_t* p) {
  return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
}

SHRIKE_AVX2 inline __m128i load16(const uint8_t* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}

// Four 32-bit lanes R, G, B and junk of one output pixel, already shifted.
SHRIKE_AVX2 inline __m128i blend_pixel(const uint8_t* row, const ColumnTap& tap) {
  // R0 R1 G0 G1 B0 B1 as 16-bit lanes, so that one multiply-add gives three sums.
  const __m128i pairs = _mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
  int32_t weights;
  std::memcpy(&weights, &tap.left, sizeof weights);
  const __m128i pixels = _mm_shuffle_epi8(load8(row + tap.offset), pairs);
  return _mm_srai_epi32(_mm_madd_epi16(pixels, _mm_set1_epi32(weights)), 4);
}

}  // namespace

bool supported() { return cpu_features().avx2_fma; }

SHRIKE_AVX2 void blend_columns(const uint8_t* row, size_t row_bytes,
                               std::span<const ColumnTap> taps, int16_t* out) {
  static_assert(offsetof(ColumnTap, right) == offsetof(ColumnTap, left) + 2);
  const __m128i compact = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, -1, -1, -1, -1);
  const size_t count = taps.size();
  size_t x = 0;
  // Each step reads 8 bytes a tap and writes 16 bytes for 12: it stops where either would leave
  // the row. Offsets never fall.
  for (; x + 3 < count && static_cast<size_t>(taps[x + 1].offset) + 8 <= row_bytes; x += 2) {
    const __m128i two = _mm_packs_epi32(blend_pixel(row, taps[x]), blend_pixel(row, taps[x + 1]));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 3 * x), _mm_shuffle_epi8(two, compact));
  }
  for (; x < count; ++x) {
    const uint8_t* left = row + taps[x].offset;
    const uint8_t* right = taps[x].right == 0 ? left : left + 3;
    for (size_t c = 0; c < 3; ++c)
      out[3 * x + c] =
          static_cast<int16_t>((taps[x].left * left[c] + taps[x].right * right[c]) >> 4);
  }
}

SHRIKE_AVX2 void blend_rows(const int16_t* a, const int16_t* b, int16_t upper, int16_t lower,
                            size_t count, uint8_t* out) {
  const __m256i va = _mm256_set1_epi16(upper), vb = _mm256_set1_epi16(lower);
  const __m256i two = _mm256_set1_epi16(2);
  const auto blend = [&](size_t i) SHRIKE_AVX2 {
    const __m256i pa = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + i));
    const __m256i pb = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + i));
    const __m256i sum = _mm256_add_epi16(_mm256_mulhi_epi16(pa, va), _mm256_mulhi_epi16(pb, vb));
    return _mm256_srai_epi16(_mm256_add_epi16(sum, two), 2);
  };
  size_t i = 0;
  for (; i + 32 <= count; i += 32) {
    const __m256i bytes = _mm256_packus_epi16(blend(i), blend(i + 16));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i),
                        _mm256_permute4x64_epi64(bytes, _MM_SHUFFLE(3, 1, 2, 0)));
  }
  for (; i < count; ++i) {
    const int sum = ((upper * a[i]) >> 16) + ((lower * b[i]) >> 16) + 2;
    out[i] = static_cast<uint8_t>((sum >> 2) > 255 ? 255 : sum >> 2);
  }
}

SHRIKE_AVX2 void halve(const uint8_t* a, const uint8_t* b, size_t pixels, uint8_t* out) {
  // R0 R1 G0 G1 B0 B1 of two output pixels: neighbours side by side, to be added in pairs.
  const __m128i pairs = _mm_setr_epi8(0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11, -1, -1, -1, -1);
  const __m128i ones = _mm_set1_epi8(1), two = _mm_set1_epi16(2);
  const auto sums = [&](const uint8_t* p) SHRIKE_AVX2 {
    return _mm_maddubs_epi16(_mm_shuffle_epi8(load16(p), pairs), ones);
  };
  size_t x = 0;
  // A step reads 16 bytes a row for 12 and writes 8 for 6; it stops before either leaves a row.
  for (; x + 3 <= pixels; x += 2) {
    const __m128i sum = _mm_add_epi16(sums(a + 6 * x), sums(b + 6 * x));
    const __m128i mean = _mm_srli_epi16(_mm_add_epi16(sum, two), 2);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + 3 * x), _mm_packus_epi16(mean, mean));
  }
  for (; x < pixels; ++x)
    for (size_t c = 0; c < 3; ++c) {
      const size_t i = 6 * x + c;
      out[3 * x + c] = static_cast<uint8_t>((a[i] + a[i + 3] + b[i] + b[i + 3] + 2) >> 2);
    }
}

SHRIKE_AVX2 void deinterleave(const uint8_t* row, size_t pixels, uint8_t* c0, uint8_t* c1,
                              uint8_t* c2) {
  uint8_t* const planes[3] = {c0, c1, c2};
  // Channel c of pixel k is byte 3k + c; picks[c][j] gathers those in the j-th 16 bytes.
  alignas(16) int8_t picks[3][3][16];
  for (int c = 0; c < 3; ++c)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 16; ++k) {
        const int at = 3 * k + c - 16 * j;
        picks[c][j][k] = static_cast<int8_t>(at >= 0 && at < 16 ? at : -1);
      }
  size_t i = 0;
  for (; i + 16 <= pixels; i += 16) {
    const uint8_t* p = row + 3 * i;
    const __m128i in[3] = {load16(p), load16(p + 16), load16(p + 32)};
    for (int c = 0; c < 3; ++c) {
      __m128i plane = _mm_setzero_si128();
      for (int j = 0; j < 3; ++j) {
        const __m128i pick = _mm_load_si128(reinterpret_cast<const __m128i*>(picks[c][j]));
        plane = _mm_or_si128(plane, _mm_shuffle_epi8(in[j], pick));
      }
      _mm_storeu_si128(reinterpret_cast<__m128i*>(planes[c] + i), plane);
    }
  }
  for (; i < pixels; ++i)
    for (int c = 0; c < 3; ++c) planes[c][i] = row[3 * i + static_cast<size_t>(c)];
}

SHRIKE_AVX2 void to_float(const uint8_t* in, size_t count, float divisor, float* out) {
  const __m256 d = _mm256_set1_ps(divisor);
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m256 value = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(load8(in + i)));
    _mm256_storeu_ps(out + i, _mm256_div_ps(value, d));
  }
  for (; i < count; ++i) out[i] = static_cast<float>(in[i]) / divisor;
}

}  // namespace shrike::avx2

#endif  // SHRIKE_VISION_AVX2
