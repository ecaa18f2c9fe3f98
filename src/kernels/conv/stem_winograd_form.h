// Rows of stem_winograd.h on the vectors of one instruction set: included by its file behind
// activation/vector_avx2.h or its like, and tile/lane_sums_avx512.h or its like.
#pragma once

#include "kernels/conv/stem_winograd.h"
#include "kernels/winograd/transforms.h"

namespace shrike::kernels {
namespace {

using StemAlgorithm = StrideOne<kToomCook4>;
constexpr int64_t kRowTiles = 4;  // computed at once

double sum_of_squares(const float* values, int64_t count) {
  Vec even = splat(0.0f), odd = splat(0.0f);
  for (int64_t i = 0; i < count; i += 2 * kLanes) {
    const Vec x = load(values + i), y = load(values + i + kLanes);
    even = fma(x, x, even);
    odd = fma(y, y, odd);
  }
  return static_cast<double>(sum_lanes(even + odd));
}

void transform_picture(const StemPicture& row) {
  constexpr int64_t kChannels = 3;
  for (int64_t t = 0; t < row.tiles; t += kLanes) {
    Vec v[kChannels][kStemPoints];
#pragma GCC unroll 3
    for (int64_t c = 0; c < kChannels; ++c) {
      Vec d[kStemPoints];
#pragma GCC unroll 6
      for (int64_t i = 0; i < kStemPoints; ++i)
        d[i] =
            load(row.columns + (kStemTile * c + i % kStemTile) * row.stride + t + i / kStemTile) *
            splat(row.scale);
      StemAlgorithm::input(d, v[c]);
#pragma GCC unroll 6
      for (int64_t p = 0; p < kStemPoints; ++p)
        store_aligned(row.values + (kChannels * p + c) * row.stride + t, v[c][p]);
    }
#pragma GCC unroll 6
    for (int64_t p = 0; p < kStemPoints; ++p)
      store_aligned(row.products + p * row.stride + t, v[0][p] * v[1][p]);
  }
}

void begin_tiles(const float* a, const float* b, const float* c, int64_t count, float* start) {
  for (int64_t i = 0; i < count; i += kLanes)
    store_aligned(start + i, splat(0.0f) - ((load_aligned(a + i) + load_aligned(b + i)) +
                                            load_aligned(c + i)));
}

// The points of kRowTiles tiles, from tile t on.
[[gnu::always_inline]] inline void multiply_row_tiles(const StemTiles& row, int64_t t,
                                                      Vec (&m)[kRowTiles][kStemPoints]) {
#pragma GCC unroll 6
  for (int64_t p = 0; p < kStemPoints; ++p) {
    const Vec products = load_aligned(row.products + p * kLanes);
    const float* start = row.start + p * row.stride + t;
#pragma GCC unroll 4
    for (int64_t i = 0; i < kRowTiles; ++i) m[i][p] = splat(start[i]) - products;
#pragma GCC unroll 3
    for (int64_t r = 0; r < 3; ++r) {
      const float* weights = row.weights + (p * 3 + r) * 3 * kLanes;
      const Vec first = load_aligned(weights), second = load_aligned(weights + kLanes);
      const Vec single = load_aligned(weights + 2 * kLanes);
      const float* x = row.values[r] + 3 * p * row.stride + t;
      const float *y = x + row.stride, *z = y + row.stride;
#pragma GCC unroll 4
      for (int64_t i = 0; i < kRowTiles; ++i) {
        m[i][p] = fma(splat(z[i]), single, m[i][p]);
        m[i][p] = fma(splat(x[i]) + first, splat(y[i]) + second, m[i][p]);
      }
    }
  }
}

// One tile's outputs, of which `left` exist.
template <typename Act>
[[gnu::always_inline]] inline void store_tile(const StemTiles& row, const Act& act, const Vec* y,
                                              Vec scale, Vec bias, bool whole, int64_t left,
                                              float* output) {
#pragma GCC unroll 4
  for (int64_t k = 0; k < kStemTile; ++k, output += row.output_step) {
    const Vec value = act(fma(y[k], scale, bias));
    if (whole) {
      store(output, value);
    } else if (k < left) {
      store_some(output, value, row.columns);
    }
  }
}

// The same pooled: of the first of two rows nothing but the largest sums is stored.
template <typename Act>
[[gnu::always_inline]] inline void pool_tile(const StemTiles& row, const Act& act, const Vec* y,
                                             Vec scale, Vec bias, bool whole, int64_t left,
                                             float* held, float* output) {
#pragma GCC unroll 2
  for (int64_t k = 0; k < kStemTile; k += 2, held += kLanes, output += row.output_step) {
    const Vec largest = larger(fma(y[k], scale, bias), fma(y[k + 1], scale, bias));
    if (!row.second) {
      store_aligned(held, largest);
      continue;
    }
    const Vec value = act(larger(load_aligned(held), largest));
    if (whole) {
      store(output, value);
    } else if (k < left) {
      store_some(output, value, row.columns);
    }
  }
}

// The last tiles are computed together with some before them, twice.
template <typename Act, bool kPooled>
void stem_tiles(const StemTiles& row) {
  const Act act(row.activation);
  const Vec bias = load(row.bias), scale = splat(row.scale);
  const int64_t tiles = (row.count + kStemTile - 1) / kStemTile;
  constexpr int64_t kStored = kPooled ? kStemTile / 2 : kStemTile;
  for (int64_t next = 0; next < tiles; next += kRowTiles) {
    const int64_t t = next + kRowTiles <= tiles ? next : tiles - kRowTiles;
    Vec m[kRowTiles][kStemPoints];
    multiply_row_tiles(row, t, m);
    const int64_t left = row.count - t * kStemTile;
    float* output = row.output + t * kStored * row.output_step;
    float* held = row.held + t * kStored * kLanes;
    const bool whole = row.columns == kLanes && left >= kRowTiles * kStemTile;
#pragma GCC unroll 4
    for (int64_t i = 0; i < kRowTiles; ++i, output += kStored * row.output_step) {
      Vec y[kStemTile];
      StemAlgorithm::output(m[i], y);
      if constexpr (kPooled) {
        pool_tile(row, act, y, scale, bias, whole, left - i * kStemTile,
                  held + i * kStored * kLanes, output);
      } else {
        store_tile(row, act, y, scale, bias, whole, left - i * kStemTile, output);
      }
    }
  }
}

// Those that follow first layers in the networks that are known.
StemTilesFunction stem_tiles_of(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kNone:
      return stem_tiles<VecNone, false>;
    case ActivationKind::kRelu:
      return stem_tiles<VecRelu, false>;
    case ActivationKind::kLeakyRelu:
      return stem_tiles<VecLeakyRelu, false>;
    case ActivationKind::kSilu:
      return stem_tiles<VecSilu, false>;
    case ActivationKind::kMish:
      return stem_tiles<VecMish, false>;
    default:
      return nullptr;
  }
}

// Those that keep what is larger larger.
StemTilesFunction pooled_stem_tiles_of(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kNone:
      return stem_tiles<VecNone, true>;
    case ActivationKind::kRelu:
      return stem_tiles<VecRelu, true>;
    case ActivationKind::kLeakyRelu:
      return stem_tiles<VecLeakyRelu, true>;
    default:
      return nullptr;
  }
}

}  // namespace
}  // namespace shrike::kernels
