// The parts of focus.h on the vectors of one instruction set: included by its file behind
// activation/vector_avx2.h or its like.
#pragma once

#include <utility>

#include "kernels/conv/focus.h"
#include "kernels/winograd/transforms.h"

namespace shrike::kernels {
namespace {

using FocusAlgorithm = StrideOne<kToomCook4>;
constexpr int64_t kFocusVectors = kFocusColumns / kLanes;
constexpr int kHalf = kFocusChannels / 2;

// Element by element.
[[maybe_unused]] void blocks_of_pixels(const float* const (&rows)[2], int64_t blocks,
                                       float* target) {
  for (int64_t x = 0; x < blocks * kFocusBlock; ++x)
    for (const float* row : rows)
      for (int64_t c = 0; c < 3; ++c)
        for (int64_t q = 0; q < 2; ++q) *target++ = row[6 * x + 3 * q + c];
}

void focus_columns(const float* rows, int64_t stride, int64_t floats, float* target) {
  for (int64_t f = 0; f < floats; f += kLanes) {
    Vec d[kFocusPoints], v[kFocusPoints];
#pragma GCC unroll 6
    for (int64_t k = 0; k < kFocusPoints; ++k) d[k] = load_aligned(rows + k * stride + f);
    FocusAlgorithm::input(d, v);
#pragma GCC unroll 6
    for (int64_t i = 0; i < kFocusPoints; ++i) store_aligned(target + i * stride + f, v[i]);
  }
}

void focus_points(const float* row, int64_t count, float* values) {
  for (int64_t t = 0; t < count; ++t, row += kFocusTile * kFocusChannels)
#pragma GCC unroll 3
    for (int64_t c = 0; c < kFocusChannels; c += kLanes) {
      Vec d[kFocusPoints], v[kFocusPoints];
#pragma GCC unroll 6
      for (int64_t k = 0; k < kFocusPoints; ++k) d[k] = load(row + k * kFocusChannels + c);
      FocusAlgorithm::input(d, v);
#pragma GCC unroll 6
      for (int64_t j = 0; j < kFocusPoints; ++j)
        store_aligned(values + (j * count + t) * kFocusValues + c, v[j]);
    }
}

// Six channels' products, of kTiles tiles.
template <int kTiles>
struct FocusSums {
  Vec sums[kTiles][kFocusVectors];

  [[gnu::always_inline]] FocusSums(const float* values, const float* weights) {
#pragma GCC unroll 6
    for (int64_t c = 0; c < kHalf; ++c) {
      Vec w[kFocusVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kFocusVectors; ++v)
        w[v] = load_aligned(weights + c * kFocusColumns + v * kLanes);
#pragma GCC unroll 16
      for (int t = 0; t < kTiles; ++t) {
        const Vec x = splat(values[t * kFocusValues + c]);
#pragma GCC unroll 4
        for (int v = 0; v < kFocusVectors; ++v)
          sums[t][v] = c == 0 ? x * w[v] : fma(x, w[v], sums[t][v]);
      }
    }
  }
};

template <int kTiles>
void multiply_tiles(const float* values, const float* weights, float* target) {
  const FocusSums<kTiles> first(values, weights);
  const FocusSums<kTiles> second(values + kHalf, weights + kHalf * kFocusColumns);
#pragma GCC unroll 16
  for (int t = 0; t < kTiles; ++t)
#pragma GCC unroll 4
    for (int v = 0; v < kFocusVectors; ++v)
      store_aligned(target + t * kFocusColumns + v * kLanes, first.sums[t][v] + second.sums[t][v]);
}

// Of tiles that are multiplied at once as many as registers hold.
constexpr int kFocusAtOnce = kLanes == 16 ? 13 : kLanes == 8 ? 6 : 2;
using FocusMultiply = void (*)(const float* values, const float* weights, float* target);

template <int... kLess>
constexpr auto multiply_functions(std::integer_sequence<int, kLess...>) {
  return std::array<FocusMultiply, sizeof...(kLess)>{multiply_tiles<kLess + 1>...};
}
constexpr auto kMultiply = multiply_functions(std::make_integer_sequence<int, kFocusAtOnce>());

void focus_multiply(const FocusProducts& row) {
  // As few groups as there can be, of two sizes that differ by one tile.
  const int64_t groups = (row.count + kFocusAtOnce - 1) / kFocusAtOnce;
  const int64_t least = row.count / groups, larger = row.count - least * groups;
  for (int64_t j = 0; j < kFocusPoints; ++j) {
    const float* weights = row.weights + j * kFocusChannels * kFocusColumns;
    int64_t t = j * row.count;
    for (int64_t group = 0; group < groups; ++group) {
      const int64_t tiles = least + (group < larger ? 1 : 0);
      kMultiply[static_cast<size_t>(tiles - 1)](row.values + t * kFocusValues, weights,
                                                row.sums + t * kFocusColumns);
      t += tiles;
    }
  }
  for (int64_t t = 0; t < row.count; ++t)
#pragma GCC unroll 4
    for (int64_t v = 0; v < kFocusColumns; v += kLanes) {
      Vec m[kFocusPoints], y[kFocusTile];
#pragma GCC unroll 6
      for (int64_t j = 0; j < kFocusPoints; ++j)
        m[j] = load_aligned(row.sums + (j * row.count + t) * kFocusColumns + v);
      FocusAlgorithm::output(m, y);
#pragma GCC unroll 4
      for (int64_t x = 0; x < kFocusTile; ++x)
        store_aligned(row.output + (t * kFocusTile + x) * kFocusColumns + v, y[x]);
    }
}

// One pixel's rows of outputs, a vector of them.
template <typename Act>
[[gnu::always_inline]] inline void focus_pixel(const FocusOutputs& tile, int64_t pixel, int64_t v,
                                               Vec bias, const Act& act, Vec (&y)[kFocusTile]) {
  Vec m[kFocusPoints];
#pragma GCC unroll 6
  for (int64_t i = 0; i < kFocusPoints; ++i)
    m[i] = load_aligned(tile.products + i * tile.stride + pixel * kFocusColumns + v);
  FocusAlgorithm::output(m, y);
#pragma GCC unroll 4
  for (int64_t r = 0; r < kFocusTile; ++r) y[r] = act(y[r] + bias);
}

template <typename Act>
void focus_finish(const FocusOutputs& tile) {
  const Act act(tile.activation);
  const bool whole = tile.down == kFocusTile && tile.columns == kFocusColumns;
  for (int64_t v = 0; v < tile.columns; v += kLanes) {
    const Vec bias = load_aligned(tile.bias + v);
    float* output = tile.output + v;
    for (int64_t x = 0; x < tile.across; ++x, output += tile.pixel_step) {
      Vec y[kFocusTile];
      focus_pixel(tile, x, v, bias, act, y);
      if (whole) {
#pragma GCC unroll 4
        for (int64_t r = 0; r < kFocusTile; ++r) store(output + r * tile.row_step, y[r]);
      } else {
        for (int64_t r = 0; r < tile.down; ++r)
          store_some(output + r * tile.row_step, y[r], tile.columns - v);
      }
    }
  }
}

}  // namespace
}  // namespace shrike::kernels
