#include "kernels/activation/vector_avx512.h"
#include "kernels/tile/paired_avx512.h"

#include "kernels/conv/focus_form.h"

namespace shrike::kernels {

namespace {

FocusFinishFunction finish_of(ActivationKind kind) {
  return with_vector_activation(
      kind, []<typename Act>() -> FocusFinishFunction { return focus_finish<Act>; });
}

// Two channels at a time, one in even and one in odd lanes, for eight outputs a vector: a value is
// loaded for two products instead of one, and loads are what limits
// (docs/decisions/036-six-by-six.md).
struct FocusPaired {
  static constexpr int kTiles = 13;
  template <int kCount>
  [[gnu::always_inline]] static void multiply(const float* values, const float* weights,
                                              float* target) {
    Vec even[kCount], odd[kCount];  // outputs
#pragma GCC unroll 6
    for (int64_t c = 0; c < kFocusChannels; c += 2, weights += 2 * kFocusColumns) {
      const Vec first = load_aligned(weights), second = load_aligned(weights + kFocusColumns);
#pragma GCC unroll 16
      for (int t = 0; t < kCount; ++t) {
        const Vec x = two_values(values + t * kFocusValues + c);
        even[t] = c == 0 ? x * first : fma(x, first, even[t]);
        odd[t] = c == 0 ? x * second : fma(x, second, odd[t]);
      }
    }
#pragma GCC unroll 16
    for (int t = 0; t < kCount; ++t)
      store_aligned(target + t * kFocusColumns, added_pairs(even[t], odd[t]));
  }
};

// Of four pixels, 48 floats, element e: where it lies in 24 floats of the upper row and, behind
// them, of the lower one.
constexpr int32_t place_of(int e) {
  const int pixel = e / kFocusChannels, channel = e % kFocusChannels;
  const int row = channel / 6, colour = channel % 6 / 2, column = channel % 2;
  return 24 * row + 6 * pixel + 3 * column + colour;
}

// The same in two vectors, of which the v-th three read the rows' floats from kUpper[v] and
// kLower[v] on.
constexpr int kUpper[] = {0, 8, 8}, kLower[] = {0, 0, 8};
struct Places {
  alignas(64) int32_t at[3][16];
};

consteval Places places() {
  Places result{};
  for (int v = 0; v < 3; ++v)
    for (int e = 0; e < 16; ++e) {
      const int32_t place = place_of(16 * v + e);
      result.at[v][e] = place < 24 ? place - kUpper[v] : 16 + place - 24 - kLower[v];
    }
  return result;
}

constexpr Places kPlaces = places();

void vectors_of_pixels(const float* const (&rows)[2], int64_t blocks, float* target) {
  const __m512i first = _mm512_load_si512(kPlaces.at[0]), second = _mm512_load_si512(kPlaces.at[1]),
                third = _mm512_load_si512(kPlaces.at[2]);
  for (int64_t x = 0; x < blocks * kFocusBlock; x += 4, target += 4 * kFocusChannels) {
    const float *upper = rows[0] + 6 * x, *lower = rows[1] + 6 * x;
    const Vec u0 = load(upper), u8 = load(upper + 8), l0 = load(lower), l8 = load(lower + 8);
    store_aligned(target, _mm512_permutex2var_ps(u0, first, l0));
    store_aligned(target + 16, _mm512_permutex2var_ps(u8, second, l0));
    store_aligned(target + 32, _mm512_permutex2var_ps(u8, third, l8));
  }
}

// A third of even and of odd pixels, which are a quarter of a vector each, from two planes.
struct Third {
  Third(const float* a, const float* b) {
    const __m512d x = _mm512_castps_pd(load(a)), y = _mm512_castps_pd(load(b));
    even = _mm512_castpd_ps(_mm512_unpacklo_pd(x, y));
    odd = _mm512_castpd_ps(_mm512_unpackhi_pd(x, y));
  }
  Vec even, odd;
};

// Quarters kA and kA + kStep of a, then those of b.
template <int kA, int kB, int kStep>
Vec quarters(Vec a, Vec b) {
  return _mm512_shuffle_f32x4(a, b, kA | (kA + kStep) << 2 | kB << 4 | (kB + kStep) << 6);
}

void vectors_of_planes(const float* const (&planes)[6], int64_t blocks, float* target) {
  for (int64_t x = 0; x < blocks * 2 * kFocusBlock; x += 16, target += 96) {
    const Third p(planes[0] + x, planes[1] + x), q(planes[2] + x, planes[3] + x),
        r(planes[4] + x, planes[5] + x);
    // p0 is the first third of pixel 0; of the upper half of a vector it is pixel 4's.
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const auto pair = [&](Vec a, Vec b) __attribute__((always_inline)) {
        return half == 0 ? quarters<0, 0, 1>(a, b) : quarters<2, 2, 1>(a, b);
      };
      const Vec pq = pair(p.even, q.even);                                // p0 p2 q0 q2
      const Vec rp = pair(r.even, p.odd);                                 // r0 r2 p1 p3
      const Vec qr = pair(q.odd, r.odd);                                  // q1 q3 r1 r3
      store_aligned(target + half * 48, quarters<0, 0, 2>(pq, rp));       // p0 q0 r0 p1
      store_aligned(target + half * 48 + 16, quarters<0, 1, 2>(qr, pq));  // q1 r1 p2 q2
      store_aligned(target + half * 48 + 32, quarters<1, 1, 2>(rp, qr));  // r2 p3 q3 r3
    }
  }
}

}  // namespace

constinit const FocusKernel kFocusAvx512 = {.tiles = FocusPaired::kTiles,
                                            .groups = 2,
                                            .beside = {.inputs = 2, .vectors = 2},
                                            .blocks = {vectors_of_planes, vectors_of_pixels},
                                            .columns = focus_columns,
                                            .points = focus_points,
                                            .multiply = focus_multiply<FocusPaired>,
                                            .finish = finish_of};

}  // namespace shrike::kernels
