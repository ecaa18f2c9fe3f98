#include <array>

#include "kernels/activation/vector_avx512.h"
#include "kernels/conv/focus_form.h"

namespace shrike::kernels {

namespace {

FocusFinishFunction finish_of(ActivationKind kind) {
  return with_vector_activation(
      kind, []<typename Act>() -> FocusFinishFunction { return focus_finish<Act>; });
}

// Of four pixels, 48 floats, element e: where it lies in the even row's 24 floats and, behind them,
// the odd row's.
constexpr int32_t place_of(int e) {
  const int pixel = e / kFocusChannels, channel = e % kFocusChannels;
  return channel < kHalf ? pixel * kHalf + channel : 24 + pixel * kHalf + channel - kHalf;
}

// The same in two vectors that start at floats `even` and `odd` of their rows.
struct Places {
  alignas(64) int32_t at[3][16];
};

consteval Places places() {
  constexpr int kEven[] = {0, 8, 8}, kOdd[] = {0, 0, 8};
  Places result{};
  for (int v = 0; v < 3; ++v)
    for (int e = 0; e < 16; ++e) {
      const int32_t place = place_of(16 * v + e);
      result.at[v][e] = place < 24 ? place - kEven[v] : 16 + place - 24 - kOdd[v];
    }
  return result;
}

constexpr Places kPlaces = places();

void interleave_vectors(const float* even, const float* odd, int64_t pixels, float* target) {
  const __m512i first = _mm512_load_si512(kPlaces.at[0]), second = _mm512_load_si512(kPlaces.at[1]),
                third = _mm512_load_si512(kPlaces.at[2]);
  for (; pixels >= 4; pixels -= 4, even += 24, odd += 24, target += 48) {
    const Vec e0 = load(even), e8 = load(even + 8), o0 = load(odd), o8 = load(odd + 8);
    store_aligned(target, _mm512_permutex2var_ps(e0, first, o0));
    store_aligned(target + 16, _mm512_permutex2var_ps(e8, second, o0));
    store_aligned(target + 32, _mm512_permutex2var_ps(e8, third, o8));
  }
  interleave_pixels(even, odd, pixels, target);
}

}  // namespace

constinit const FocusKernel kFocusAvx512 = {13,           interleave_vectors, focus_columns,
                                            focus_points, focus_multiply,     finish_of};

}  // namespace shrike::kernels
