// Where whole vectors are multiplied as fast as single values are loaded, loads are what limits a
// tile of one vector of outputs (docs/decisions/034-whole-vectors.md).
#include "kernels/activation/vector_avx512.h"
#include "kernels/tile/paired_avx512.h"

#include "kernels/conv/pointwise_form.h"

namespace shrike::kernels {

namespace {

// PointwiseSums of a panel with two channels side by side: lanes 2j and 2j + 1 of one vector are
// the products of output 2j with either, of another those of output 2j + 1. Each load is for two
// products, and the halves are added in the end.
template <int kRows, int kVectors>
struct PairedSums {
  static_assert(kVectors == 1);
  Vec sums[kRows][kVectors];

  [[gnu::always_inline]] PairedSums(const PointwiseStrip& strip, int64_t p) {
    const float* row[kRows];
    Vec even[kRows], odd[kRows];  // outputs
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      row[r] = r == 0 ? strip.input + p * strip.input_step : row[r - 1] + strip.input_step;
      even[r] = odd[r] = splat(0.0f);
    }
    const float* weights = strip.weights;
    const auto add = [&](int64_t k, auto values) __attribute__((always_inline)) {
      const Vec first = load_aligned(weights), second = load_aligned(weights + kLanes);
      weights += 2 * kLanes;
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const Vec x = values(row[r] + k);
        even[r] = fma(x, first, even[r]);
        odd[r] = fma(x, second, odd[r]);
      }
    };
    const int64_t depth = strip.depth;
    int64_t k = 0;
#pragma GCC unroll 2
    for (; k + 2 <= depth; k += 2) add(k, two_values);
    if (k < depth) add(k, one_value);
    const Vec bias = load(strip.bias);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) sums[r][0] = added_pairs(even[r], odd[r]) + bias;
  }
};

// Eight outputs alike, in one vector. Two pixels' sums are one vector in the end.
constexpr int kHalf = kLanes / 2;
constexpr int kEightPixels = 8;

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
    const Vec w = load_aligned(weights);
#pragma GCC unroll 8
    for (int r = 0; r < kEightPixels; ++r) sums[r] = fma(one_value(row[r] + k), w, sums[r]);
  }
};

Vec of_halves(__m256 low, __m256 high) {
  return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
}

// The eights of two pixels, of which the second may not be there, under a mask of columns; kWhole:
// all are there. Masks cost stores most of their rate.
template <bool kWhole>
struct EightColumns {
  __mmask8 mask;

  __m256 load(const float* source) const {
    return kWhole ? _mm256_loadu_ps(source) : _mm256_maskz_loadu_ps(mask, source);
  }
  void store(float* target, int64_t step, bool both, Vec value) const {
    if (kWhole) {
      _mm256_storeu_ps(target, _mm512_castps512_ps256(value));
      _mm256_storeu_ps(target + step, _mm512_extractf32x8_ps(value, 1));
      return;
    }
    _mm512_mask_storeu_ps(target, mask, value);
    // A masked store of an extracted half would be one instruction, which touches what its mask
    // hides, be it the next page.
    if (both)
      _mm512_mask_storeu_ps(target + step - kHalf, static_cast<__mmask16>(mask << kHalf), value);
  }
};

// Pixels [p, p + count), count <= kEightPixels.
template <bool kAdd, bool kWhole, typename Act>
[[gnu::always_inline]] inline void eight_pixels(const PointwiseStrip& strip, const Act& act,
                                                const EightColumns<kWhole>& columns, Vec bias,
                                                int64_t p, int64_t count) {
  const EightSums tile(strip, p, kWhole ? kEightPixels : count);
  float* output = strip.output + p * strip.output_step;
  const float* residual = kAdd ? strip.residual + p * strip.residual_step : nullptr;
#pragma GCC unroll 4
  for (int r = 0; r < kEightPixels; r += 2) {
    if (!kWhole && r >= count) break;
    const bool both = kWhole || r + 1 < count;
    Vec value = joined(tile.sums[r], tile.sums[r + 1]) + bias, add = splat(0.0f);
    if (kAdd)
      add = of_halves(columns.load(residual + r * strip.residual_step),
                      columns.load(residual + (r + both) * strip.residual_step));
    if (kAdd && strip.order == Residual::kBeforeActivation) value = value + add;
    value = act(value);
    if (kAdd && strip.order == Residual::kAfterActivation) value = value + add;
    columns.store(output + r * strip.output_step, strip.output_step, both, value);
  }
}

template <bool kAdd, typename Act>
void eight_outputs(const PointwiseStrip& given) {
  const PointwiseStrip strip = given;  // which no store touches
  const Act act(strip.activation);
  const EightColumns<true> all{0xff};
  const EightColumns<false> some{static_cast<__mmask8>((1 << strip.columns) - 1)};
  const __m256 eight = some.load(strip.bias);
  const Vec bias = of_halves(eight, eight);
  int64_t p = 0;
  if (strip.columns == kHalf)
    for (; p + kEightPixels <= strip.count; p += kEightPixels)
      eight_pixels<kAdd>(strip, act, all, bias, p, kEightPixels);
  for (; p < strip.count; p += kEightPixels)
    eight_pixels<kAdd>(strip, act, some, bias, p,
                       strip.count - p < kEightPixels ? strip.count - p : kEightPixels);
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

constexpr PointwisePanel kPaired = {
    kLanes, strip_function<PairedSums, 8, 1>, {.inputs = 2, .vectors = 2}};
constexpr PointwisePanel kTwo = {2 * kLanes, strip_function<PointwiseSums, 8, 2>};
constexpr PointwisePanel kEight = {kHalf, eight_function, {.inputs = 2}};

}  // namespace

const PointwiseKernel kWholePointwiseAvx512 = {8, kPaired, &kEight};

// Two vectors and three: each value is loaded once for as many products.
const PointwiseKernel kWidePointwiseAvx512 = {8, kTwo, &kPaired};
const PointwiseKernel kTriplePointwiseAvx512 = {
    8, {3 * kLanes, strip_function<PointwiseSums, 8, 3>}, &kTwo};

}  // namespace shrike::kernels
