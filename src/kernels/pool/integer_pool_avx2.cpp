#include <immintrin.h>

#include "kernels/pool/integer_window.h"

namespace shrike::kernels {

namespace {

inline __m256i larger(uint8_t, __m256i a, __m256i b) { return _mm256_max_epu8(a, b); }
inline __m256i larger(int16_t, __m256i a, __m256i b) { return _mm256_max_epi16(a, b); }
inline __m128i larger(uint8_t, __m128i a, __m128i b) { return _mm_max_epu8(a, b); }
inline __m128i larger(int16_t, __m128i a, __m128i b) { return _mm_max_epi16(a, b); }

inline __m256i load(const void* source, __m256i) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(source));
}
inline __m128i load(const void* source, __m128i) {
  return _mm_loadl_epi64(static_cast<const __m128i*>(source));
}
inline void store(void* target, __m256i value) {
  _mm256_storeu_si256(static_cast<__m256i*>(target), value);
}
inline void store(void* target, __m128i value) {
  _mm_storel_epi64(static_cast<__m128i*>(target), value);
}

// A vector of channels: 32 bytes, or the 8 that SSE's narrow loads take. The first tap is there.
template <typename Vector, typename T>
[[gnu::always_inline]] inline void largest_of(const IntegerPoolWindow<T>& w, int64_t channel) {
  Vector largest = load(w.input + channel, Vector{});
  for (int64_t i = 0; i < w.taps_h; ++i)
    for (int64_t j = 0; j < w.taps_w; ++j)
      largest = larger(T{}, largest,
                       load(w.input + i * w.row_step + j * w.tap_step + channel, Vector{}));
  store(w.output + channel, largest);
}

template <typename T>
void largest_of_1(const IntegerPoolWindow<T>& w, int64_t channel) {
  T largest = w.input[channel];
  for (int64_t i = 0; i < w.taps_h; ++i)
    for (int64_t j = 0; j < w.taps_w; ++j) {
      const T x = w.input[i * w.row_step + j * w.tap_step + channel];
      largest = x > largest ? x : largest;
    }
  w.output[channel] = largest;
}

template <typename T>
void window(const IntegerPoolWindow<T>& w) {
  constexpr auto kLong = static_cast<int64_t>(32 / sizeof(T));
  constexpr auto kShort = static_cast<int64_t>(8 / sizeof(T));
  int64_t channel = 0;
  for (; channel + kLong <= w.channels; channel += kLong) largest_of<__m256i>(w, channel);
  for (; channel + kShort <= w.channels; channel += kShort) largest_of<__m128i>(w, channel);
  for (; channel < w.channels; ++channel) largest_of_1(w, channel);
}

}  // namespace

void byte_pool_window_avx2(const IntegerPoolWindow<uint8_t>& w) { window(w); }
void word_pool_window_avx2(const IntegerPoolWindow<int16_t>& w) { window(w); }

}  // namespace shrike::kernels
