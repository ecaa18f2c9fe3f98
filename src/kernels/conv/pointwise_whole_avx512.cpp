// Where whole vectors are multiplied as fast as single values are loaded, loads are what limits a
// tile of one vector of outputs (docs/decisions/034-whole-vectors.md).
#include <cstring>

#include "kernels/activation/vector_avx512.h"
#include "kernels/conv/pointwise_form.h"

namespace shrike::kernels {

namespace {

// PointwiseSums, but that of two pixels four values are loaded at once and spread by shuffles,
// which have a unit that multiplies nothing: 30 loads in place of 36 for 32 products.
template <int kRows, int kVectors>
struct QuadSums {
  static_assert(kVectors == 1);
  static constexpr int kShuffled = kRows < 2 ? kRows : 2;
  Vec sums[kRows][kVectors];

  [[gnu::always_inline]] QuadSums(const PointwiseStrip& strip, int64_t p) {
    const float* row[kRows];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      row[r] = strip.input + (p + r) * strip.input_step;
      sums[r][0] = splat(0.0f);
    }
    const float* weights = strip.weights;
    int64_t k = 0;
    for (; k + 4 <= strip.depth; k += 4, weights += 4 * kLanes) {
      Vec quads[kShuffled];
#pragma GCC unroll 2
      for (int r = 0; r < kShuffled; ++r)
        quads[r] = _mm512_broadcast_f32x4(_mm_loadu_ps(row[r] + k));
      add<0>(row, quads, k, weights);
      add<1>(row, quads, k, weights);
      add<2>(row, quads, k, weights);
      add<3>(row, quads, k, weights);
    }
    for (; k < strip.depth; ++k, weights += kLanes) {
      const Vec w = load_aligned(weights);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) sums[r][0] = fma(splat(row[r][k]), w, sums[r][0]);
    }
    const Vec bias = load(strip.bias);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) sums[r][0] = sums[r][0] + bias;
  }

 private:
  template <int kOfQuad>
  [[gnu::always_inline]] void add(const float* const (&row)[kRows], const Vec (&quads)[kShuffled],
                                  int64_t k, const float* weights) {
    constexpr int kSpread = kOfQuad * 0x55;
    const Vec w = load_aligned(weights + kOfQuad * kLanes);
#pragma GCC unroll 2
    for (int r = 0; r < kShuffled; ++r)
      sums[r][0] = fma(_mm512_permute_ps(quads[r], kSpread), w, sums[r][0]);
#pragma GCC unroll 8
    for (int r = kShuffled; r < kRows; ++r)
      sums[r][0] = fma(splat(row[r][k + kOfQuad]), w, sums[r][0]);
  }
};

// Eight outputs, of two channels side by side: lanes 2j and 2j + 1 are output j's products with
// either. Two pixels' sums are one vector in the end.
constexpr int kHalf = kLanes / 2;
constexpr int kEightPixels = 8;

Vec two_values(const float* source) {
  double both;
  std::memcpy(&both, source, sizeof both);
  return _mm512_castpd_ps(_mm512_set1_pd(both));
}

Vec joined(Vec a, Vec b) {
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
  return _mm512_permutex2var_ps(a, even, b) + _mm512_permutex2var_ps(a, odd, b);
}

struct EightSums {
  Vec sums[kEightPixels];

  // The pixels from `count` on are the last one again.
  [[gnu::always_inline]] EightSums(const PointwiseStrip& strip, int64_t p, int64_t count) {
    const float* row[kEightPixels];
#pragma GCC unroll 8
    for (int r = 0; r < kEightPixels; ++r) {
      row[r] = strip.input + (p + (r < count ? r : count - 1)) * strip.input_step;
      sums[r] = splat(0.0f);
    }
    const float* weights = strip.weights;
    int64_t k = 0;
#pragma GCC unroll 2
    for (; k + 2 <= strip.depth; k += 2, weights += kLanes) {
      const Vec w = load_aligned(weights);
#pragma GCC unroll 8
      for (int r = 0; r < kEightPixels; ++r) sums[r] = fma(two_values(row[r] + k), w, sums[r]);
    }
    if (k == strip.depth) return;
    constexpr __mmask16 kFirsts = 0x5555;
    const Vec w = load_aligned(weights);
#pragma GCC unroll 8
    for (int r = 0; r < kEightPixels; ++r)
      sums[r] = fma(_mm512_maskz_broadcastss_ps(kFirsts, _mm_load_ss(row[r] + k)), w, sums[r]);
  }
};

Vec of_halves(__m256 low, __m256 high) {
  return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
}

// The eights of two pixels, of which the second may not be there, under a mask of columns. Masks
// cost stores most of their rate, and are not used where they hide nothing.
struct EightColumns {
  __mmask8 mask;
  bool all;

  __m256 load(const float* source) const { return _mm256_maskz_loadu_ps(mask, source); }
  void store_low(float* target, Vec value) const {
    if (all) {
      _mm256_storeu_ps(target, _mm512_castps512_ps256(value));
    } else {
      _mm512_mask_storeu_ps(target, mask, value);
    }
  }
  // A masked store of an extracted half would be one instruction, which touches what its mask
  // hides, be it the next page.
  void store_high(float* target, Vec value) const {
    if (all) {
      _mm256_storeu_ps(target, _mm512_extractf32x8_ps(value, 1));
    } else {
      _mm512_mask_storeu_ps(target - kHalf, static_cast<__mmask16>(mask << kHalf), value);
    }
  }
};

template <bool kAdd, typename Act>
void eight_outputs(const PointwiseStrip& strip) {
  const Act act(strip.activation);
  const EightColumns columns{static_cast<__mmask8>((1 << strip.columns) - 1),
                             strip.columns == kHalf};
  const __m256 eight = columns.load(strip.bias);
  const Vec bias = of_halves(eight, eight);
  for (int64_t p = 0; p < strip.count; p += kEightPixels) {
    const int64_t count = strip.count - p < kEightPixels ? strip.count - p : kEightPixels;
    const EightSums tile(strip, p, count);
    float* output = strip.output + p * strip.output_step;
    const float* residual = kAdd ? strip.residual + p * strip.residual_step : nullptr;
#pragma GCC unroll 4
    for (int r = 0; r < kEightPixels; r += 2) {
      if (r >= count) break;
      const bool both = r + 1 < count;
      Vec value = joined(tile.sums[r], tile.sums[r + 1]) + bias, add = splat(0.0f);
      if (kAdd)
        add = of_halves(columns.load(residual + r * strip.residual_step),
                        columns.load(residual + (r + both) * strip.residual_step));
      if (kAdd && strip.order == Residual::kBeforeActivation) value = value + add;
      value = act(value);
      if (kAdd && strip.order == Residual::kAfterActivation) value = value + add;
      columns.store_low(output + r * strip.output_step, value);
      if (both) columns.store_high(output + (r + 1) * strip.output_step, value);
    }
  }
}

template <typename Act>
void eight_strip(const PointwiseStrip& strip) {
  strip.order == Residual::kNone ? eight_outputs<false, Act>(strip)
                                 : eight_outputs<true, Act>(strip);
}

PointwiseFunction eight_function(ActivationKind kind) {
  return with_vector_activation(
      kind, []<typename Act>() -> PointwiseFunction { return eight_strip<Act>; });
}

constexpr PointwisePanel kQuads = {kLanes, strip_function<QuadSums, 8, 1>};
constexpr PointwisePanel kEight = {kHalf, eight_function, 2};

}  // namespace

const PointwiseKernel kWholePointwiseAvx512 = {8, kQuads, &kEight};

// Two vectors: each value is loaded once for two products.
const PointwiseKernel kWidePointwiseAvx512 = {
    8, {2 * kLanes, strip_function<PointwiseSums, 8, 2>}, &kQuads};

}  // namespace shrike::kernels
