// What pairs.h needs on the vectors of one instruction set: included by its file behind
// activation/vector_avx2.h or its like, and tile/lane_sums_avx512.h or its like.
#pragma once

#include <cassert>

#include "kernels/conv/pointwise_pairs.h"
#include "kernels/winograd/pairs.h"

namespace shrike::kernels {
namespace {

constexpr int64_t kTileColumns = 2 * kLanes;

double window_squares(const WinogradInput& window) {
  Vec sum = splat(0.0f);
  for (int64_t y = window.rows.begin; y < window.rows.end; ++y)
    for (int64_t x = window.columns.begin + (y + window.columns.begin) % 2; x < window.columns.end;
         x += 2) {
      const float* d = window.map + window.offset + y * window.row_step + x * window.pixel_step;
      for (int64_t c = 0; c < window.channels; c += kLanes) {
        const Vec value = load_some(d + c, window.channels - c);
        sum = fma(value, value, sum);
      }
    }
  return static_cast<double>(sum_lanes(sum));
}

// Of four tiles at once; of what is there of them, the others being the last one again.
void begin_tiles(const PairPoint& point, int64_t tile, float* start) {
  const int64_t block = point.block;
  const float* row[4];
  Vec sums[4];
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r) {
    row[r] = point.values + (tile + r < point.tiles ? tile + r : point.tiles - 1) * block;
    sums[r] = splat(0.0f);
  }
  for (int64_t first = 0; first < point.channels; first += block) {
    const int64_t pairs = pair_count(std::min(block, point.channels - first));
    for (int64_t k = 0; k < pairs; k += kLanes)
#pragma GCC unroll 4
      for (int r = 0; r < 4; ++r)
        sums[r] = fnma(load_some(row[r] + k, pairs - k), load_some(row[r] + k + pairs, pairs - k),
                       sums[r]);
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) row[r] += point.block_stride;
  }
  store_lane_sums(sums, start + tile);
}

void begin_point(const PairPoint& point, float* start) {
  for (int64_t tile = 0; tile < point.tiles; tile += 4) begin_tiles(point, tile, start);
}

// What is asked for while a block of channels is added: of the weights that are used next, which
// come from beyond the caches, `lines` vectors each time; the values of the next block, which come
// from the second cache level.
struct PairAhead {
  const float* weights;
  int64_t lines;
  const float* values = nullptr;

  template <int64_t kLines>
  [[gnu::always_inline]] void fetch() {
    for (int64_t i = 0; i < lines; ++i, weights += kLanes) __builtin_prefetch(weights, 0, 2);
#pragma GCC unroll 4
    for (int64_t i = 0; i < kLines; ++i, values += kLanes) __builtin_prefetch(values);
  }
};

// sums += those of a block of channels. values: [tile][kBlock]; returns the weights behind these.
// With kFar `ahead` is fetched meanwhile.
template <int kTiles, int kBlock, bool kFar>
[[gnu::always_inline]] inline const float* add_block(const float* values, int64_t channels,
                                                     const float* weights, Vec* sums,
                                                     PairAhead& ahead) {
  const int64_t pairs = pair_count(channels);
  const float *x = values, *y = x + pairs, *z = y + pairs;
  for (int64_t left = pairs; left > 0; left -= kPairSum) {
    Vec sum[kTiles];
#pragma GCC unroll 16
    for (int t = 0; t < kTiles; ++t) sum[t] = splat(0.0f);
    const int64_t count = left < kPairSum ? left : kPairSum;
    for (int64_t k = 0; k < count; ++k, ++x, ++y, ++z, weights += 3 * kLanes) {
      if (kFar) ahead.fetch<(kTiles * kBlock / kLanes + kBlock / 3 - 1) / (kBlock / 3)>();
      const Vec first = load_aligned(weights), second = load_aligned(weights + kLanes);
      const Vec single = load_aligned(weights + 2 * kLanes);
#pragma GCC unroll 16
      for (int t = 0; t < kTiles; ++t) {
        sum[t] = fma(splat(z[t * kBlock]), single, sum[t]);
        sum[t] = fma(splat(x[t * kBlock]) + first, splat(y[t * kBlock]) + second, sum[t]);
      }
    }
#pragma GCC unroll 16
    for (int t = 0; t < kTiles; ++t) sums[t] = sums[t] + sum[t];
  }
  for (int64_t k = 3 * pairs; k < channels; ++k, ++z, weights += kLanes) {
    const Vec single = load_aligned(weights);
#pragma GCC unroll 16
    for (int t = 0; t < kTiles; ++t) sums[t] = fma(splat(z[t * kBlock]), single, sums[t]);
  }
  return weights;
}

// One vector of columns, `column` of the panel's; part `group` of `groups` that this is done in.
template <int kTiles, int kBlock, bool kFar>
void multiply_tiles(const PairPoint& point, int64_t tile, int64_t column, int64_t group,
                    int64_t groups) {
  const float* values = point.values + tile * kBlock;
  const float* weights = point.weights + column * point.channels;
  Vec sums[kTiles];
#pragma GCC unroll 16
  for (int t = 0; t < kTiles; ++t) sums[t] = splat(point.start[tile + t]);
  // All groups together ask for the weights behind these, three channels' at most at once.
  PairAhead ahead{weights + point.channels * kLanes, (2 + groups) / groups};
  ahead.weights += group * pair_count(point.channels) * ahead.lines * kLanes;
  for (int64_t left = point.channels; left > 0; left -= kBlock, values += point.block_stride) {
    ahead.values = values + point.block_stride;
    weights = add_block<kTiles, kBlock, kFar>(values, left < kBlock ? left : kBlock, weights, sums,
                                              ahead);
  }
  const Vec products = load_aligned(point.products + column);
  float* target = point.sums + tile * kTileColumns + column;
#pragma GCC unroll 16
  for (int t = 0; t < kTiles; ++t) store_aligned(target + t * kTileColumns, sums[t] - products);
}

// As many tiles at once as registers hold the sums of, twice; beside weights and values.
constexpr int64_t kMostTiles = 10;
template <int kBlock, bool kFar>
constexpr void (*kMultiplyTiles[])(const PairPoint&, int64_t tile, int64_t column, int64_t group,
                                   int64_t groups) = {
    nullptr,
    multiply_tiles<1, kBlock, kFar>,
    multiply_tiles<2, kBlock, kFar>,
    multiply_tiles<3, kBlock, kFar>,
    multiply_tiles<4, kBlock, kFar>,
    multiply_tiles<5, kBlock, kFar>,
    multiply_tiles<6, kBlock, kFar>,
    multiply_tiles<7, kBlock, kFar>,
    multiply_tiles<8, kBlock, kFar>,
    multiply_tiles<9, kBlock, kFar>,
    multiply_tiles<10, kBlock, kFar>,
};

template <int kBlock, bool kFar>
void multiply_block(const PairPoint& point) {
  const int64_t groups = (point.tiles + kMostTiles - 1) / kMostTiles;
  for (int64_t column = 0; column < point.columns; column += kLanes)
    for (int64_t i = 0; i < groups; ++i) {
      const int64_t tile = point.tiles * i / groups, end = point.tiles * (i + 1) / groups;
      kMultiplyTiles<kBlock, kFar>[end - tile](point, tile, column, i, groups);
    }
}

void multiply_point(const PairPoint& point) {
  switch (point.block) {
    case 16:
      return multiply_block<16, false>(point);
    case 32:
      return multiply_block<32, false>(point);
    default:
      return point.far ? multiply_block<48, true>(point) : multiply_block<48, false>(point);
  }
}

// Two vectors of columns: sums are added to those in memory, and begin there.
template <int kTiles>
struct WideTiles {
  // What is added is made by `sum` of the tile and the vector.
  template <typename Sum>
  [[gnu::always_inline]] static void add(float* sums, const Sum& sum) {
#pragma GCC unroll 16
    for (int t = 0; t < kTiles; ++t)
#pragma GCC unroll 2
      for (int v = 0; v < 2; ++v) {
        float* target = sums + t * kTileColumns + v * kLanes;
        store_aligned(target, sum(load_aligned(target), t, v));
      }
  }
};

// As add_block(); weights of a second vector of columns lie `step` floats behind the first's.
template <int kTiles, int kBlock, bool kFar>
[[gnu::always_inline]] inline const float* add_wide_block(const float* values, int64_t channels,
                                                          const float* weights, int64_t step,
                                                          float* sums, PairAhead& ahead) {
  const int64_t pairs = pair_count(channels);
  const float *x = values, *y = x + pairs, *z = y + pairs;
  for (int64_t left = pairs; left > 0; left -= kPairSum) {
    Vec sum[kTiles][2];
#pragma GCC unroll 16
    for (int t = 0; t < kTiles; ++t) sum[t][0] = sum[t][1] = splat(0.0f);
    const int64_t count = left < kPairSum ? left : kPairSum;
    for (int64_t k = 0; k < count; ++k, ++x, ++y, ++z, weights += 3 * kLanes) {
      if (kFar) ahead.fetch<(kTiles * kBlock / kLanes + kBlock / 3 - 1) / (kBlock / 3)>();
      Vec first[2], second[2], single[2];
#pragma GCC unroll 2
      for (int v = 0; v < 2; ++v) {
        first[v] = load_aligned(weights + v * step);
        second[v] = load_aligned(weights + v * step + kLanes);
        single[v] = load_aligned(weights + v * step + 2 * kLanes);
      }
#pragma GCC unroll 16
      for (int t = 0; t < kTiles; ++t) {
        const Vec a = splat(x[t * kBlock]), b = splat(y[t * kBlock]), c = splat(z[t * kBlock]);
#pragma GCC unroll 2
        for (int v = 0; v < 2; ++v) {
          sum[t][v] = fma(c, single[v], sum[t][v]);
          sum[t][v] = fma(a + first[v], b + second[v], sum[t][v]);
        }
      }
    }
    WideTiles<kTiles>::add(sums, [&](Vec before, int t, int v) { return before + sum[t][v]; });
  }
  for (int64_t k = 3 * pairs; k < channels; ++k, ++z, weights += kLanes)
    WideTiles<kTiles>::add(sums, [&](Vec before, int t, int v) {
      return fma(splat(z[t * kBlock]), load_aligned(weights + v * step), before);
    });
  return weights;
}

template <int kTiles, int kBlock, bool kFar>
void multiply_wide_tiles(const PairPoint& point, int64_t tile, int64_t group, int64_t groups) {
  const float* values = point.values + tile * kBlock;
  const int64_t step = point.channels * kLanes;
  const float* weights = point.weights;
  float* sums = point.sums + tile * kTileColumns;
#pragma GCC unroll 2
  for (int v = 0; v < 2; ++v) {
    const Vec products = load_aligned(point.products + v * kLanes);
#pragma GCC unroll 16
    for (int t = 0; t < kTiles; ++t)
      store_aligned(sums + t * kTileColumns + v * kLanes, splat(point.start[tile + t]) - products);
  }
  // As in multiply_tiles(), for twice the weights.
  PairAhead ahead{weights + 2 * step, (5 + groups) / groups};
  ahead.weights += group * pair_count(point.channels) * ahead.lines * kLanes;
  for (int64_t left = point.channels; left > 0; left -= kBlock, values += point.block_stride) {
    ahead.values = values + point.block_stride;
    weights = add_wide_block<kTiles, kBlock, kFar>(values, left < kBlock ? left : kBlock, weights,
                                                   step, sums, ahead);
  }
}

constexpr int64_t kMostWideTiles = 8;  // whose sums leave registers for weights and values
template <int kBlock, bool kFar>
constexpr void (*kMultiplyWideTiles[])(const PairPoint&, int64_t tile, int64_t group,
                                       int64_t groups) = {
    nullptr,
    multiply_wide_tiles<1, kBlock, kFar>,
    multiply_wide_tiles<2, kBlock, kFar>,
    multiply_wide_tiles<3, kBlock, kFar>,
    multiply_wide_tiles<4, kBlock, kFar>,
    multiply_wide_tiles<5, kBlock, kFar>,
    multiply_wide_tiles<6, kBlock, kFar>,
    multiply_wide_tiles<7, kBlock, kFar>,
    multiply_wide_tiles<8, kBlock, kFar>,
};

template <int kBlock, bool kFar>
void multiply_wide_block(const PairPoint& point) {
  if (point.columns <= kLanes) return multiply_block<kBlock, kFar>(point);
  const int64_t groups = (point.tiles + kMostWideTiles - 1) / kMostWideTiles;
  for (int64_t i = 0; i < groups; ++i) {
    const int64_t tile = point.tiles * i / groups, end = point.tiles * (i + 1) / groups;
    kMultiplyWideTiles<kBlock, kFar>[end - tile](point, tile, i, groups);
  }
}

void multiply_wide_point(const PairPoint& point) {
  switch (point.block) {
    case 16:
      return multiply_wide_block<16, false>(point);
    case 32:
      return multiply_wide_block<32, false>(point);
    default:
      return point.far ? multiply_wide_block<48, true>(point)
                       : multiply_wide_block<48, false>(point);
  }
}

constexpr WinogradPairs winograd_pairs(const WinogradKernel& kernel) {
  return {&kernel, kLanes, window_squares, begin_point, multiply_point, false};
}
constexpr WinogradPairs wide_winograd_pairs(const WinogradKernel& kernel) {
  return {&kernel, kLanes, window_squares, begin_point, multiply_wide_point, true};
}

}  // namespace
}  // namespace shrike::kernels
