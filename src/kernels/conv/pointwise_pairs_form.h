// Products in pairs on vectors of AVX-512: included by its file behind activation/vector_avx512.h
// and tile/lane_sums_avx512.h.
#pragma once

#include <cassert>

#include "kernels/conv/pointwise_form.h"
#include "kernels/conv/pointwise_pairs.h"

namespace shrike::kernels {
namespace {

// Of no more pairs than single channels.
template <int kRows, int kVectors>
struct PairSums {
  static constexpr int64_t kColumns = kVectors * kLanes;
  Vec sums[kRows][kVectors];

  [[gnu::always_inline]] PairSums(const PointwiseStrip& strip, int64_t p) {
    const float* row[kRows];
#pragma GCC unroll 10
    for (int r = 0; r < kRows; ++r)
      row[r] = r == 0 ? strip.input + p * strip.input_step : row[r - 1] + strip.input_step;
#pragma GCC unroll 10
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[r][v] = splat(strip.start[p + r]);
    const int64_t pairs = strip.pairs;
    assert(3 * pairs <= strip.depth);
    const float* weights = add_pairs(row, pairs, strip.weights);
    for (int64_t k = 3 * pairs; k < strip.depth; ++k, weights += kColumns)
#pragma GCC unroll 10
      for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v)
          sums[r][v] = fma(splat(row[r][k]), load_aligned(weights + v * kLanes), sums[r][v]);
    const Vec scale = splat(strip.scale);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const Vec bias = load(strip.bias + v * kLanes);
#pragma GCC unroll 10
      for (int r = 0; r < kRows; ++r) sums[r][v] = fma(sums[r][v], scale, bias);
    }
  }

 private:
  // Returns the weights behind those of the pairs and as many single channels.
  [[gnu::always_inline]] const float* add_pairs(const float* const (&row)[kRows], int64_t pairs,
                                                const float* weights) {
    for (int64_t k = 0; k < pairs; ++k, weights += 3 * kColumns) {
      Vec first[kVectors], second[kVectors], single[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        first[v] = load_aligned(weights + v * kLanes);
        second[v] = load_aligned(weights + kColumns + v * kLanes);
        single[v] = load_aligned(weights + 2 * kColumns + v * kLanes);
      }
#pragma GCC unroll 10
      for (int r = 0; r < kRows; ++r) {
        const Vec x = splat(row[r][k]), y = splat(row[r][k + pairs]);
        const Vec z = splat(row[r][k + 2 * pairs]);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) {
          if constexpr (kVectors > 2) {
            add_product(x + first[v], y + second[v], sums[r][v]);
            add_product(z, single[v], sums[r][v]);
          } else {
            sums[r][v] = fma(x + first[v], y + second[v], sums[r][v]);
            sums[r][v] = fma(z, single[v], sums[r][v]);
          }
        }
      }
    }
    return weights;
  }
};

// Of kVectors vectors of channels from k on, of which there are `left`.
template <int kVectors>
void measure_vectors(const float* const* pixels, int count, int64_t k, int64_t left, float* shift,
                     double& squares) {
  Vec sum[kVectors], square[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) sum[v] = square[v] = splat(0.0f);
  for (int i = 0; i < count; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const float* from = pixels[i] + k + v * kLanes;
      const Vec x = kVectors == 1 ? load_some(from, left) : load(from);
      sum[v] = sum[v] + x;
      square[v] = fma(x, x, square[v]);
    }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const Vec mean = sum[v] * splat(1.0f / static_cast<float>(count));
    store_some(shift + k + v * kLanes, mean, left - v * kLanes);
    squares += static_cast<double>(sum_lanes(square[v]));
  }
}

double measure_shift(const float* const* pixels, int count, int64_t depth, float* shift) {
  double squares = 0;
  int64_t k = 0;
  for (; k + 4 * kLanes <= depth; k += 4 * kLanes)
    measure_vectors<4>(pixels, count, k, depth - k, shift, squares);
  for (; k < depth; k += kLanes) measure_vectors<1>(pixels, count, k, depth - k, shift, squares);
  return squares;
}

// The order is that of for_each_channel: of each pair the second channel's weights, the first's,
// those of a single channel. Weights come from beyond the caches, from one end to the other, and
// are asked for so far ahead.
constexpr int64_t kScaleAhead = 32 * kLanes;

template <int kVectors>
void scale_vectors(const PairColumns& own) {
  const Vec scale = splat(own.scale);
  const PairTurns turns(own.depth, own.pairs);
  const int64_t pairs = own.pairs, step = own.step;
  const float* weights = own.weights;
  float* scaled = own.scaled;
  Vec first_sum[kVectors], second_sum[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) first_sum[v] = second_sum[v] = splat(0.0f);
  const auto scale_single = [&](int v) __attribute__((always_inline)) {
    __builtin_prefetch(weights + v * kLanes + kScaleAhead);
    store_aligned(scaled + v * kLanes, load_aligned(weights + v * kLanes) * scale);
  };
  for (int64_t k = 0; k < pairs; ++k) {
    const Vec c = splat(own.shift[k]), d = splat(own.shift[k + pairs]);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const float* at = weights + v * kLanes;
      __builtin_prefetch(at + kScaleAhead);
      __builtin_prefetch(at + kScaleAhead + step);
      const Vec second = load_aligned(at), first = load_aligned(at + step);
      store_aligned(scaled + v * kLanes, second * scale - c);
      store_aligned(scaled + step + v * kLanes, first * scale - d);
      first_sum[v] = fma(c, first, first_sum[v]);
      second_sum[v] = fma(d, second, second_sum[v]);
    }
    weights += 2 * step;
    scaled += 2 * step;
    if (k == turns.count) break;
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) scale_single(v);
    weights += step;
    scaled += step;
  }
  for (int64_t k = 3 * pairs; k < own.depth; ++k, weights += step, scaled += step)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) scale_single(v);
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const Vec bias = fnma(scale, load(own.products + v * kLanes), load(own.bias + v * kLanes));
    store(own.scaled_bias + v * kLanes, bias + (first_sum[v] + second_sum[v]));
  }
}

inline void scale_columns(const PairColumns& own) {
  constexpr void (*kScale[])(const PairColumns&) = {nullptr, scale_vectors<1>, scale_vectors<2>,
                                                    scale_vectors<3>, scale_vectors<4>};
  kScale[own.count / kLanes](own);
}

// The lanes of four pixels' sums of products.
struct PairProducts {
  const float *first, *second;  // of the shifts
  int64_t pairs, whole;         // of whole vectors
  Mask rest;

  PairProducts(int64_t count, const float* shift)
      : first(shift),
        second(shift + count),
        pairs(count),
        whole(count / kLanes * kLanes),
        rest(lane_mask(count - whole)) {}

  [[gnu::always_inline]] void operator()(const float* const (&row)[4], Vec (&sums)[4]) const {
#pragma GCC unroll 4
    for (Vec& sum : sums) sum = splat(0.0f);
    int64_t k = 0;
    for (; k < whole; k += kLanes) {
      const Vec c = load(first + k), d = load(second + k);
#pragma GCC unroll 4
      for (int r = 0; r < 4; ++r)
        sums[r] = fnma(load(row[r] + k) - c, load(row[r] + k + pairs) - d, sums[r]);
    }
    if (k == pairs) return;
    const auto load_rest = [&](const float* from) __attribute__((always_inline)) {
      return _mm512_maskz_loadu_ps(rest, from + k);
    };
    const Vec c = load_rest(first), d = load_rest(second);
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r)
      sums[r] = fnma(load_rest(row[r]) - c, load_rest(row[r] + pairs) - d, sums[r]);
  }
};

// Sixteen pixels at once, as far as there are so many, then four; of what is there of these, the
// others being the last one again.
void begin_strip(const PointwiseStrip& strip, const float* shift, float* start) {
  const PairProducts products(strip.pairs, shift);
  const int64_t step = strip.input_step, count = strip.count;
  int64_t p = 0;
  for (; p + kLanes <= count; p += kLanes) {
    Vec quarters[4];
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) {
      const float* x = strip.input + (p + 4 * q) * step;
      Vec sums[4];
      products({x, x + step, x + 2 * step, x + 3 * step}, sums);
      quarters[q] = quarter_sums(sums);
    }
    store_quarter_sums(quarters, start + p);
  }
  for (; p < count; p += 4) {
    const auto at = [&](int64_t i) {
      return strip.input + (p + i < count ? p + i : count - 1) * step;
    };
    Vec sums[4];
    products({at(0), at(1), at(2), at(3)}, sums);
    store_lane_sums(sums, start + p);
  }
}

constexpr PairFunctions kPairFunctions = {kLanes, measure_shift, scale_columns, begin_strip};

}  // namespace
}  // namespace shrike::kernels
