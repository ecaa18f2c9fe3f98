// Lean rows that multiply in pairs, on the vectors of one instruction set: included by its file
// behind lean_form.h and pairs_form.h.
//
// The weights of two points of a block of channels are made first and wait in the first cache
// level: beside the sums of all tiles in pairs, registers have no room for what makes them.
#pragma once

#include "kernels/winograd/lean_form.h"
#include "kernels/winograd/pairs_form.h"

namespace shrike::kernels {
namespace {

// Of one point: weights as PairPoint has them, and the sums of products of pairs.
struct LeanPoint {
  float* weights;
  Vec products;
};

// Weights of two points, the first only with kFirst.
template <bool kFirst, typename Transform>
[[gnu::always_inline]] inline void make_points(const Transform& transform, const float* half,
                                               int64_t channels, LeanPoint& first,
                                               LeanPoint& second) {
  const int64_t pairs = pair_count(channels);
  const Transform own = transform;  // and what follows: in registers, whatever is stored
  float *first_weights = first.weights, *second_weights = second.weights;
  Vec first_products = splat(0.0f), second_products = splat(0.0f);
  const auto make = [=](int64_t channel, int64_t place, Vec& u, Vec& v) {
    const float* g = half + 3 * channel * kLanes;
    const Vec rows[3] = {load_aligned(g), load_aligned(g + kLanes), load_aligned(g + 2 * kLanes)};
    own(rows, u, v);
    if (kFirst) store_aligned(first_weights + place * kLanes, u);
    store_aligned(second_weights + place * kLanes, v);
  };
  for (int64_t k = 0; k < pairs; ++k) {
    Vec u[3], v[3];
    make(k + pairs, 3 * k, u[0], v[0]);
    make(k, 3 * k + 1, u[1], v[1]);
    make(k + 2 * pairs, 3 * k + 2, u[2], v[2]);
    if (kFirst) first_products = fma(u[0], u[1], first_products);
    second_products = fma(v[0], v[1], second_products);
  }
  for (int64_t k = 3 * pairs; k < channels; ++k) {
    Vec u, v;
    make(k, k, u, v);
  }
  first.products = first_products;
  second.products = second_products;
}

template <int kTiles>
void multiply_lean_point(const LeanBlock& block, const LeanPoint& weights, int64_t point,
                         int64_t tile) {
  const float* start = block.start + point * block.start_stride + tile;
  Vec sums[kTiles];
#pragma GCC unroll 16
  for (int t = 0; t < kTiles; ++t) sums[t] = splat(start[t]) - weights.products;
  PairAhead none{};
  add_block<kTiles, kLeanChannels, false>(
      block.values + point * block.values_stride + tile * kLeanChannels, block.channels,
      weights.weights, sums, none);
  float* target = block.sums + point * block.sums_stride + tile * block.columns;
#pragma GCC unroll 16
  for (int t = 0; t < kTiles; ++t) add_to(target + t * block.columns, sums[t], block.add);
}

constexpr void (*kMultiplyLeanPoint[])(const LeanBlock&, const LeanPoint&, int64_t point,
                                       int64_t tile) = {
    nullptr,
    multiply_lean_point<1>,
    multiply_lean_point<2>,
    multiply_lean_point<3>,
    multiply_lean_point<4>,
    multiply_lean_point<5>,
    multiply_lean_point<6>,
    multiply_lean_point<7>,
    multiply_lean_point<8>,
    multiply_lean_point<9>,
    multiply_lean_point<10>,
};

inline void multiply_lean_tiles(const LeanBlock& block, const LeanPoint& weights, int64_t point) {
  const int64_t groups = (block.tiles + kMostTiles - 1) / kMostTiles;
  for (int64_t i = 0; i < groups; ++i) {
    const int64_t tile = block.tiles * i / groups, end = block.tiles * (i + 1) / groups;
    kMultiplyLeanPoint[end - tile](block, weights, point, tile);
  }
}

template <bool kFirst, typename Transform>
void multiply_in_pairs(const LeanBlock& block, const Transform& transform, const float* half,
                       int64_t point, int64_t other) {
  float* made = block.half + 2 * block.channels * 3 * kLanes;
  LeanPoint first{made, {}}, second{made + block.channels * kLanes, {}};
  make_points<kFirst>(transform, half, block.channels, first, second);
  if (kFirst) multiply_lean_tiles(block, first, point);
  multiply_lean_tiles(block, second, point + other);
}

}  // namespace
}  // namespace shrike::kernels
