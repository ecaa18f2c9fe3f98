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

void focus_columns(float* rows, int64_t stride, int64_t floats) {
  for (int64_t f = 0; f < floats; f += kLanes) {
    Vec d[kFocusPoints], v[kFocusPoints];
#pragma GCC unroll 6
    for (int64_t k = 0; k < kFocusPoints; ++k) d[k] = load_aligned(rows + k * stride + f);
    FocusAlgorithm::input(d, v);
#pragma GCC unroll 6
    for (int64_t i = 0; i < kFocusPoints; ++i) store_aligned(rows + i * stride + f, v[i]);
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

// The products of a point, of kTiles tiles at once.
template <int kMost>
struct FocusSingle {
  static constexpr int kTiles = kMost;
  template <int kCount>
  [[gnu::always_inline]] static void multiply(const float* values, const float* weights,
                                              float* target) {
    Vec first[kCount][kFocusVectors], second[kCount][kFocusVectors];
    add<kCount>(values, weights, first);
    add<kCount>(values + kHalf, weights + kHalf * kFocusColumns, second);
#pragma GCC unroll 16
    for (int t = 0; t < kCount; ++t)
#pragma GCC unroll 4
      for (int v = 0; v < kFocusVectors; ++v)
        store_aligned(target + t * kFocusColumns + v * kLanes, first[t][v] + second[t][v]);
  }

 private:
  template <int kCount>
  [[gnu::always_inline]] static void add(const float* values, const float* weights,
                                         Vec (&sums)[kCount][kFocusVectors]) {
#pragma GCC unroll 6
    for (int64_t c = 0; c < kHalf; ++c, weights += kFocusColumns)
#pragma GCC unroll 16
      for (int t = 0; t < kCount; ++t) {
        const Vec x = splat(values[t * kFocusValues + c]);
#pragma GCC unroll 4
        for (int v = 0; v < kFocusVectors; ++v) {
          const Vec w = load_aligned(weights + v * kLanes);
          sums[t][v] = c == 0 ? x * w : fma(x, w, sums[t][v]);
        }
      }
  }
};

template <typename Products, int kCount>
void focus_multiply_tiles(const FocusProducts& row) {
#pragma GCC unroll 1
  for (int64_t j = 0; j < kFocusPoints; ++j)
    Products::template multiply<kCount>(row.values + j * kCount * kFocusValues,
                                        row.weights + j * kFocusChannels * kFocusColumns,
                                        row.sums + j * kCount * kFocusColumns);
#pragma GCC unroll 1
  for (int64_t t = 0; t < kCount; ++t)
#pragma GCC unroll 4
    for (int64_t v = 0; v < kFocusColumns; v += kLanes) {
      Vec m[kFocusPoints], y[kFocusTile];
#pragma GCC unroll 6
      for (int64_t j = 0; j < kFocusPoints; ++j)
        m[j] = load_aligned(row.sums + (j * kCount + t) * kFocusColumns + v);
      FocusAlgorithm::output(m, y);
#pragma GCC unroll 4
      for (int64_t x = 0; x < kFocusTile; ++x)
        store_aligned(row.output + (t * kFocusTile + x) * kFocusColumns + v, y[x]);
    }
}

template <typename Products, int... kLess>
void focus_multiply(const FocusProducts& row, std::integer_sequence<int, kLess...>) {
  using Function = void (*)(const FocusProducts&);
  static constexpr Function kFunctions[] = {focus_multiply_tiles<Products, kLess + 1>...};
  kFunctions[row.count - 1](row);
}

template <typename Products>
void focus_multiply(const FocusProducts& row) {
  focus_multiply<Products>(row, std::make_integer_sequence<int, Products::kTiles>());
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
