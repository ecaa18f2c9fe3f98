// What lean.h needs on the vectors of one instruction set: included by its file behind
// activation/vector_avx2.h or its like. Panels are two vectors wide.
#pragma once

#include <utility>

#include "kernels/winograd/algorithms.h"
#include "kernels/winograd/lean.h"

namespace shrike::kernels {
namespace {

inline Vec constant(double value) { return splat(static_cast<float>(value)); }

// The rows of G of the points +-p_i are s_i (1, +-p_i, p_i^2), but for the sign of the second
// (toom_cook.h): u = even + odd and +-(even - odd) of a kernel's three taps, or of vectors of them.
template <const auto& kNumbers, size_t kPair>
struct KernelPair {
  static constexpr const double* kPlus = kNumbers.weights[kNumbers.kFirstPair + 2 * kPair];
  static constexpr const double* kMinus = kNumbers.weights[kNumbers.kFirstPair + 2 * kPair + 1];

  [[gnu::always_inline]] void operator()(const Vec* g, Vec& plus, Vec& minus) const {
    const Vec even = fma(third, g[2], first * g[0]), odd = second * g[1];
    plus = even + odd;
    minus = kMinus[0] == kPlus[0] ? even - odd : odd - even;
  }

  const Vec first = constant(kPlus[0]), second = constant(kPlus[1]), third = constant(kPlus[2]);
};

// Infinity, and 0 where it is a point.
template <const auto& kNumbers>
struct KernelEnds {
  [[gnu::always_inline]] void operator()(const Vec* g, Vec& zero, Vec& infinity) const {
    zero = scale * g[0];
    infinity = g[2];
  }

  const Vec scale = constant(kNumbers.kFirstPair > 0 ? kNumbers.weights[0][0] : 0);
};

// half[c][t] and half[channels + c][t], t < 3: two rows of G g of each channel c, what `transform`
// makes of the columns of its taps.
template <typename Transform>
void transform_columns(const LeanBlock& block, const Transform& transform) {
  const float* taps = block.taps;
  float* first = block.half;
  float* second = first + block.channels * 3 * kLanes;
  for (int64_t c = 0; c < block.channels; ++c, taps += 9 * kLanes)
#pragma GCC unroll 3
    for (int64_t t = 0; t < 3; ++t, first += kLanes, second += kLanes) {
      const Vec g[3] = {load_aligned(taps + t * kLanes), load_aligned(taps + (3 + t) * kLanes),
                        load_aligned(taps + (6 + t) * kLanes)};
      Vec u, v;
      transform(g, u, v);
      store_aligned(first, u);
      store_aligned(second, v);
    }
}

// target = sum, added to what is there where `add`.
inline void add_to(float* target, Vec sum, bool add) {
  store_aligned(target, add ? load_aligned(target) + sum : sum);
}

// Products of two points, `other` points apart, of kTiles tiles: sums of kLeanSum channels each are
// added to what waits in memory.
template <int kTiles, bool kFirst, typename Transform>
void multiply_points(const LeanBlock& block, const Transform& transform, const float* half,
                     int64_t point, int64_t other, int64_t tile) {
  const float* values = block.values + point * block.values_stride + tile * kLeanChannels;
  const int64_t apart = other * block.values_stride;
  float* sums = block.sums + point * block.sums_stride + tile * block.columns;
  float* other_sums = sums + other * block.sums_stride;
  bool add = block.add;
  for (int64_t c = 0; c < block.channels; c += kLeanSum, add = true) {
    const float* x[kTiles];
    Vec sum[kTiles], other_sum[kTiles];
#pragma GCC unroll 9
    for (int t = 0; t < kTiles; ++t) {
      x[t] = values + t * kLeanChannels;
      sum[t] = other_sum[t] = splat(0.0f);
    }
    const int64_t end = c + kLeanSum < block.channels ? c + kLeanSum : block.channels;
    for (int64_t k = c; k < end; ++k) {
      const Vec g[3] = {load_aligned(half + 3 * k * kLanes),
                        load_aligned(half + (3 * k + 1) * kLanes),
                        load_aligned(half + (3 * k + 2) * kLanes)};
      Vec u, v;
      transform(g, u, v);
#pragma GCC unroll 9
      for (int t = 0; t < kTiles; ++t) {
        if (kFirst) sum[t] = fma(splat(x[t][k]), u, sum[t]);
        other_sum[t] = fma(splat(x[t][k + apart]), v, other_sum[t]);
      }
    }
#pragma GCC unroll 9
    for (int t = 0; t < kTiles; ++t) {
      if (kFirst) add_to(sums + t * block.columns, sum[t], add);
      add_to(other_sums + t * block.columns, other_sum[t], add);
    }
  }
}

template <bool kFirst, typename Transform>
using MultiplyPoints = void (*)(const LeanBlock&, const Transform&, const float* half,
                                int64_t point, int64_t other, int64_t tile);

// As many tiles at once as registers hold the sums of.
constexpr bool kManyRegisters = kLanes == 16;
constexpr int64_t kTilesAtOnce = kManyRegisters ? kLeanTiles : 4;
template <bool kFirst, typename Transform>
constexpr MultiplyPoints<kFirst, Transform> kMultiplyPoints[] = {
    nullptr,
    multiply_points<1, kFirst, Transform>,
    multiply_points<2, kFirst, Transform>,
    multiply_points<3, kFirst, Transform>,
    multiply_points<4, kFirst, Transform>,
    multiply_points<kManyRegisters ? 5 : 1, kFirst, Transform>,
    multiply_points<kManyRegisters ? 6 : 1, kFirst, Transform>,
    multiply_points<kManyRegisters ? 7 : 1, kFirst, Transform>,
    multiply_points<kManyRegisters ? 8 : 1, kFirst, Transform>,
    multiply_points<kManyRegisters ? 9 : 1, kFirst, Transform>,
};

// Asks for a point's share of the taps behind the block's.
inline void fetch_taps(const LeanBlock& block, int64_t point, int64_t points) {
  const float* next = block.taps + block.channels * 9 * kLanes;
  const int64_t first = block.channels * point / points;
  const int64_t last = block.channels * (point + 1) / points;
  for (int64_t i = 9 * first; i < 9 * last; ++i) __builtin_prefetch(next + i * kLanes, 0, 2);
}

template <bool kFirst, typename Transform>
void multiply_tiles(const LeanBlock& block, const Transform& transform, const float* half,
                    int64_t point, int64_t other, int64_t points) {
  if (kFirst) fetch_taps(block, point, points);
  fetch_taps(block, point + other, points);
  const int64_t groups = (block.tiles + kTilesAtOnce - 1) / kTilesAtOnce;
  for (int64_t i = 0; i < groups; ++i) {
    const int64_t tile = block.tiles * i / groups, end = block.tiles * (i + 1) / groups;
    kMultiplyPoints<kFirst, Transform>[end - tile](block, transform, half, point, other, tile);
  }
}

// All points of one row of G g G^T, from that row of G g.
template <const auto& kNumbers, size_t... kPair>
void multiply_row(const LeanBlock& block, const float* half, int64_t row,
                  std::index_sequence<kPair...>) {
  constexpr auto kFirst = static_cast<int64_t>(kNumbers.kFirstPair);
  constexpr auto kIn = static_cast<int64_t>(kNumbers.kPoints);
  multiply_tiles<(kFirst > 0)>(block, KernelEnds<kNumbers>(), half, row * kIn, kIn - 1, kIn * kIn);
  (multiply_tiles<true>(block, KernelPair<kNumbers, kPair>(), half,
                        row * kIn + kFirst + 2 * static_cast<int64_t>(kPair), 1, kIn * kIn),
   ...);
}

// Two rows whose columns `transform` makes, the first only where `with_first`.
template <const auto& kNumbers, typename Transform>
void multiply_rows(const LeanBlock& block, const Transform& transform, int64_t row, int64_t other,
                   bool with_first) {
  constexpr auto kPoints = std::make_index_sequence<sizeof(kNumbers.points) / sizeof(double)>();
  transform_columns(block, transform);
  if (with_first) multiply_row<kNumbers>(block, block.half, row, kPoints);
  multiply_row<kNumbers>(block, block.half + block.channels * 3 * kLanes, row + other, kPoints);
}

template <const auto& kNumbers, size_t... kPair>
void multiply_block(const LeanBlock& block, std::index_sequence<kPair...>) {
  constexpr auto kFirst = static_cast<int64_t>(kNumbers.kFirstPair);
  constexpr auto kIn = static_cast<int64_t>(kNumbers.kPoints);
  multiply_rows<kNumbers>(block, KernelEnds<kNumbers>(), 0, kIn - 1, kFirst > 0);
  (multiply_rows<kNumbers>(block, KernelPair<kNumbers, kPair>(),
                           kFirst + 2 * static_cast<int64_t>(kPair), 1, true),
   ...);
}

template <const auto& kNumbers>
constexpr LeanWinograd lean_winograd(const WinogradKernel& kernel) {
  return {&kernel, kLanes, [](const LeanBlock& block) {
            multiply_block<kNumbers>(
                block, std::make_index_sequence<sizeof(kNumbers.points) / sizeof(double)>());
          }};
}

}  // namespace
}  // namespace shrike::kernels
