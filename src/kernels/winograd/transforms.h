// The transforms of transform.h on vectors of one instruction set: included once by the file that
// is compiled for it. Everything lies in an unnamed namespace, for the reason given in
// activation/vector_avx2.h.
//
// Vec, kLanes and the operations on them are those of activation/vector_avx2.h or its like.
#pragma once

#include <cassert>
#include <cstddef>

#include "kernels/winograd/algorithms.h"
#include "kernels/winograd/transform.h"

namespace shrike::kernels {
namespace {

// sum + coefficient * x, the coefficient known when compiling: additions have units of their own.
[[gnu::always_inline]] inline Vec add_scaled(Vec sum, double coefficient, Vec x) {
  if (coefficient == 1) return sum + x;
  if (coefficient == -1) return sum - x;
  return fma(splat(static_cast<float>(coefficient)), x, sum);
}

// sum over k of coefficients[k] * d[step * k]; the last coefficient is 1.
template <size_t kStep, size_t kCount>
[[gnu::always_inline]] inline Vec polynomial(const double (&coefficients)[kCount], const Vec* d) {
  Vec sum = d[kStep * (kCount - 1)];
  for (size_t k = kCount - 1; k-- > 0;) sum = add_scaled(sum, coefficients[k], d[kStep * k]);
  return sum;
}

// upper +- p lower, which are the rows of B^T for +-p.
[[gnu::always_inline]] inline void at_pair(double p, Vec upper, Vec lower, Vec& plus, Vec& minus) {
  const Vec scaled = p == 1 ? lower : splat(static_cast<float>(p)) * lower;
  plus = upper + scaled;
  minus = upper - scaled;
}

// What A^T has for a pair of points and an output.
template <const auto& kNumbers>
[[gnu::always_inline]] constexpr double power(size_t pair, size_t exponent) {
  double result = 1 / kNumbers.balance[pair];
  for (size_t k = 0; k < exponent; ++k) result *= kNumbers.points[pair];
  return result;
}

// y[r] = sum over the pairs i of p_i^r (m[2 i] + (-1)^r m[2 i + 1]) / balance_i, r < kOut, the
// first balance being 1.
template <const auto& kNumbers, size_t kPairs, size_t kOut>
[[gnu::always_inline]] inline void evaluate_pairs(const Vec* m, Vec* y) {
  Vec sum[kPairs], difference[kPairs];
#pragma GCC unroll 4
  for (size_t i = 0; i < kPairs; ++i) {
    sum[i] = m[2 * i] + m[2 * i + 1];
    difference[i] = m[2 * i] - m[2 * i + 1];
  }
  static_assert(kNumbers.balance[0] == 1);
  y[0] = sum[0];
  for (size_t i = 1; i < kPairs; ++i) y[0] = add_scaled(y[0], power<kNumbers>(i, 0), sum[i]);
#pragma GCC unroll 8
  for (size_t r = 1; r < kOut; ++r) {
    const Vec* parts = r % 2 == 0 ? sum : difference;
    y[r] = splat(static_cast<float>(power<kNumbers>(0, r))) * parts[0];
    for (size_t i = 1; i < kPairs; ++i) y[r] = add_scaled(y[r], power<kNumbers>(i, r), parts[i]);
  }
}

// Stride 1 with the numbers of toom_cook.h.
template <const auto& kNumbers>
struct StrideOne {
  static constexpr size_t kPairs = sizeof(kNumbers.points) / sizeof(double);
  static constexpr size_t kFirst = kNumbers.kFirstPair;
  static constexpr size_t kIn = kNumbers.kPoints, kOut = kNumbers.kOut;

  // v = B^T d
  [[gnu::always_inline]] static void input(const Vec* d, Vec* v) {
    if (kFirst > 0) v[0] = polynomial<2>(kNumbers.all, d);
    v[kIn - 1] = polynomial<2>(kNumbers.all, d + kFirst);
#pragma GCC unroll 4
    for (size_t i = 0; i < kPairs; ++i) {
      const Vec upper = polynomial<2>(kNumbers.pair[i], d + kFirst + 1);
      const Vec lower = polynomial<2>(kNumbers.pair[i], d + kFirst);
      at_pair(kNumbers.points[i], upper, lower, v[kFirst + 2 * i], v[kFirst + 2 * i + 1]);
    }
  }

  // y = A^T m
  [[gnu::always_inline]] static void output(const Vec* m, Vec* y) {
    evaluate_pairs<kNumbers, kPairs, kOut>(m + kFirst, y);
    if (kFirst > 0) y[0] = y[0] + m[0];
    y[kOut - 1] = y[kOut - 1] + m[kIn - 1];
  }
};

// Stride 2 with the numbers of polyphase.h.
template <const auto& kNumbers>
struct StrideTwo {
  static constexpr size_t kPairs = sizeof(kNumbers.points) / sizeof(double);
  static constexpr size_t kOut = 2 * kPairs, kIn = 2 * kOut + 1;

  // v = B^T d; neighbours among the even inputs lie 2 apart.
  [[gnu::always_inline]] static void input(const Vec* d, Vec* v) {
#pragma GCC unroll 4
    for (size_t i = 0; i < kPairs; ++i) {
      const Vec upper = polynomial<4>(kNumbers.pair[i], d + 2);
      const Vec lower = polynomial<4>(kNumbers.pair[i], d);
      at_pair(kNumbers.points[i], upper, lower, v[2 * i], v[2 * i + 1]);
    }
    v[kOut] = polynomial<4>(kNumbers.all, d);
#pragma GCC unroll 8
    for (size_t r = 0; r < kOut; ++r) v[kOut + 1 + r] = d[2 * r + 1];
  }

  // y = A^T m
  [[gnu::always_inline]] static void output(const Vec* m, Vec* y) {
    evaluate_pairs<kNumbers, kPairs, kOut>(m, y);
    y[kOut - 1] = y[kOut - 1] + m[kOut];
#pragma GCC unroll 8
    for (size_t r = 0; r < kOut; ++r) y[r] = y[r] + m[kOut + 1 + r];
  }
};

// body(i), i < kCount. As straight code values go from one pass to the next in registers as far as
// they are enough: a third less time for four times the code, which is spent on what most tiles
// are.
template <int64_t kCount, bool kStraight, typename Body>
[[gnu::always_inline]] inline void for_each_line(const Body& body) {
  if constexpr (kStraight && kLanes == 16) {
#pragma GCC unroll 9
    for (int64_t i = 0; i < kCount; ++i) body(i);
  } else {
#pragma GCC unroll 1
    for (int64_t i = 0; i < kCount; ++i) body(i);
  }
}

// One vector of channels, of which `left` exist. kInside: the whole window lies inside the map.
// kWhole: and all channels exist.
template <typename Algorithm, bool kScaled, bool kInside, bool kWhole>
[[gnu::always_inline]] inline void transform_channels(const WinogradInput& window, int64_t c,
                                                      int64_t left) {
  constexpr auto kIn = static_cast<int64_t>(Algorithm::kIn);
  const float* source = window.map + c;
  Vec columns[kIn][kIn];
  for_each_line<kIn, kInside>([&](int64_t x) __attribute__((always_inline)) {
    Vec d[kIn], v[kIn];
    const int64_t offset = window.offset + x * window.pixel_step;
    const bool inside_x = x >= window.columns.begin && x < window.columns.end;
#pragma GCC unroll 9
    for (int64_t y = 0; y < kIn; ++y) {
      if constexpr (kInside) {
        const float* place = source + offset + y * window.row_step;
        d[y] = kWhole ? load(place) : load_some(place, left);
      } else {
        const bool inside = inside_x && y >= window.rows.begin && y < window.rows.end;
        d[y] = inside ? load_some(source + offset + y * window.row_step, left) : splat(0.0f);
      }
      if (kScaled) d[y] = d[y] * splat(window.scale);
    }
    Algorithm::input(d, v);
#pragma GCC unroll 9
    for (int64_t y = 0; y < kIn; ++y) columns[y][x] = v[y];
  });
  for_each_line<kIn, kInside>([&](int64_t y) __attribute__((always_inline)) {
    Vec v[kIn];
    Algorithm::input(columns[y], v);
    float* target = window.values + y * kIn * window.point_stride + c;
#pragma GCC unroll 9
    for (int64_t x = 0; x < kIn; ++x) store_aligned(target + x * window.point_stride, v[x]);
  });
}

template <typename Algorithm, bool kScaled>
void transform_input(const WinogradInput& window) {
  constexpr auto kIn = static_cast<int64_t>(Algorithm::kIn);
  int64_t c = 0;
  const Range &rows = window.rows, &columns = window.columns;
  if (rows.end - rows.begin == kIn && columns.end - columns.begin == kIn) {
    for (; c + kLanes <= window.channels; c += kLanes)
      transform_channels<Algorithm, kScaled, true, true>(window, c, kLanes);
    if (c < window.channels)
      transform_channels<Algorithm, kScaled, true, false>(window, c, window.channels - c);
    return;
  }
  for (; c < window.channels; c += kLanes)
    transform_channels<Algorithm, kScaled, false, false>(window, c, window.channels - c);
}

// Which outputs of a tile are wanted: a part of them, all, or of each 2 x 2 the largest.
enum class Wanted { kPart, kWhole, kPooled };

// One vector of output channels.
template <typename Algorithm, bool kScaled, Wanted kWanted>
[[gnu::always_inline]] inline void transform_columns(const WinogradOutput& tile, int64_t columns,
                                                     int64_t j) {
  constexpr int kIn = Algorithm::kIn, kOut = Algorithm::kOut;
  constexpr bool kPart = kWanted == Wanted::kPart;
  const int down = kPart ? tile.down : kOut, across = kPart ? tile.across : kOut;
  Vec rows[kOut][kIn];
  for_each_line<kIn, !kPart>([&](int64_t x) __attribute__((always_inline)) {
    Vec m[kIn], y[kOut];
#pragma GCC unroll 9
    for (int i = 0; i < kIn; ++i)
      m[i] = load_aligned(tile.products + (i * kIn + x) * tile.point_stride + j);
    Algorithm::output(m, y);
#pragma GCC unroll 8
    for (int i = 0; i < kOut; ++i) rows[i][x] = y[i];
  });
  // The bias comes last, for the reason given in tile/tile_avx2.cpp.
  const Vec bias = load_aligned(tile.bias + j);
  const auto with_bias = [&](Vec y) __attribute__((always_inline)) {
    return kScaled ? fma(y, splat(tile.scale), bias) : y + bias;
  };
  Vec above[kOut / 2] = {};
  for_each_line<kOut, !kPart>([&](int64_t i) __attribute__((always_inline)) {
    if (kPart && i >= down) return;
    Vec y[kOut];
    Algorithm::output(rows[i], y);
    if constexpr (kWanted == Wanted::kPooled) {
#pragma GCC unroll 4
      for (int x = 0; x < kOut / 2; ++x) {
        const Vec largest = larger(with_bias(y[2 * x]), with_bias(y[2 * x + 1]));
        if (i % 2 == 0) {
          above[x] = largest;
        } else {
          store_aligned(tile.sums + (i / 2 * (kOut / 2) + x) * columns + j,
                        larger(above[x], largest));
        }
      }
    } else {
      float* target = tile.sums + i * across * columns + j;
#pragma GCC unroll 8
      for (int x = 0; x < kOut; ++x)
        if (!kPart || x < across) store_aligned(target + x * columns, with_bias(y[x]));
    }
  });
}

template <typename Algorithm, const TileKernel& kTile, bool kScaled, Wanted kWanted>
void transform_wanted(const WinogradOutput& tile) {
  for (int64_t j = 0; j < tile.count; j += kLanes)
    transform_columns<Algorithm, kScaled, kWanted>(tile, kTile.columns, j);
}

template <typename Algorithm, const TileKernel& kTile, bool kScaled>
void transform_output(const WinogradOutput& tile) {
  if constexpr (Algorithm::kOut % 2 == 0)
    if (tile.pooled) return transform_wanted<Algorithm, kTile, kScaled, Wanted::kPooled>(tile);
  assert(!tile.pooled);
  if (tile.down == Algorithm::kOut && tile.across == Algorithm::kOut) {
    transform_wanted<Algorithm, kTile, kScaled, Wanted::kWhole>(tile);
  } else {
    transform_wanted<Algorithm, kTile, kScaled, Wanted::kPart>(tile);
  }
}

template <typename Algorithm, const TileKernel& kTile, bool kScaled = false>
constexpr WinogradKernel winograd_kernel(const WinogradAlgorithm& algorithm) {
  return {&kTile, &algorithm, transform_input<Algorithm, kScaled>,
          transform_output<Algorithm, kTile, kScaled>};
}

}  // namespace
}  // namespace shrike::kernels
