#include <algorithm>

#include "kernels/activation/vector_avx2.h"
#include "kernels/tile/finish.h"
#include "kernels/tile/tile.h"

namespace shrike::kernels {

namespace {

constexpr int kRows = 6;
constexpr int kColumns = 16;

// sums[r] += row[r][k] * weights[k] for k < length, k in order. Returns the weights behind them.
template <int kRowCount>
[[gnu::always_inline]] inline const float* accumulate(Vec (&sums)[kRowCount][2],
                                                      const float* const (&row)[kRowCount],
                                                      int64_t length, const float* weights) {
#pragma GCC unroll 4
  for (int64_t k = 0; k < length; ++k) {
    const Vec w0 = _mm256_load_ps(weights);
    const Vec w1 = _mm256_load_ps(weights + 8);
    weights += kColumns;
#pragma GCC unroll 8
    for (int r = 0; r < kRowCount; ++r) {
      const Vec x = _mm256_broadcast_ss(row[r] + k);
      sums[r][0] = _mm256_fmadd_ps(x, w0, sums[r][0]);
      sums[r][1] = _mm256_fmadd_ps(x, w1, sums[r][1]);
    }
  }
  return weights;
}

template <int kRowCount>
[[gnu::always_inline]] inline void clear(Vec (&sums)[kRowCount][2]) {
#pragma GCC unroll 8
  for (int r = 0; r < kRowCount; ++r) {
    sums[r][0] = _mm256_setzero_ps();
    sums[r][1] = _mm256_setzero_ps();
  }
}

template <int kRowCount>
void avx2_sums(const TileSums& tile) {
  Vec sums[kRowCount][2];
  clear(sums);
  const float* weights = tile.weights;
  const float* const* pointers = tile.pointers;
  for (int64_t s = 0; s < tile.runs; ++s, pointers += kRowCount) {
    const float* row[kRowCount];
#pragma GCC unroll 8
    for (int r = 0; r < kRowCount; ++r) row[r] = pointers[r];
    weights = accumulate(sums, row, tile.run_length, weights);
  }
  // The bias comes last: a sum that starts at it rounds every step at the bias's magnitude.
  const Vec bias0 = _mm256_loadu_ps(tile.bias), bias1 = _mm256_loadu_ps(tile.bias + 8);
#pragma GCC unroll 8
  for (int r = 0; r < kRowCount; ++r) {
    _mm256_store_ps(tile.sums + r * kColumns, _mm256_add_ps(sums[r][0], bias0));
    _mm256_store_ps(tile.sums + r * kColumns + 8, _mm256_add_ps(sums[r][1], bias1));
  }
}

// Rows [first, last) in tiles of kRowCount. The sums of earlier blocks wait in memory.
template <int kRowCount>
void product_rows(const TileProduct& tile, int64_t first, int64_t last) {
  alignas(32) float waiting[kRowCount * kColumns];
  for (int64_t i = first; i < last; i += kRowCount) {
    const float* weights = tile.weights;
    for (int64_t k = 0; k < tile.depth; k += kProductBlock) {
      const float* row[kRowCount];
#pragma GCC unroll 8
      for (int r = 0; r < kRowCount; ++r) row[r] = tile.rows + (i + r) * tile.row_stride + k;
      const int64_t left = tile.depth - k;
      Vec sums[kRowCount][2];
      clear(sums);
      weights = accumulate(sums, row, std::min(left, kProductBlock), weights);
      float* target = left <= kProductBlock ? tile.sums + i * kColumns : waiting;
#pragma GCC unroll 8
      for (int r = 0; r < kRowCount; ++r)
#pragma GCC unroll 2
        for (int v = 0; v < 2; ++v) {
          const int at = r * kColumns + v * 8;
          Vec sum = sums[r][v];
          if (k > 0) sum = _mm256_add_ps(_mm256_load_ps(waiting + at), sum);
          _mm256_store_ps(target + at, sum);
        }
    }
  }
}

using RowsFunction = void (*)(const TileProduct&, int64_t first, int64_t last);
constexpr RowsFunction kProductRows[kRows + 1] = {nullptr,         product_rows<1>, product_rows<2>,
                                                  product_rows<3>, product_rows<4>, product_rows<5>,
                                                  product_rows<6>};

// As few tiles as there can be, of two sizes that differ by one row.
void avx2_product(const TileProduct& tile) {
  const int64_t tiles = (tile.count + kRows - 1) / kRows;
  const int64_t rows = tile.count / tiles;
  const int64_t larger = (tile.count - rows * tiles) * (rows + 1);
  if (larger > 0) kProductRows[rows + 1](tile, 0, larger);
  kProductRows[rows](tile, larger, tile.count);
}

TileFinishFunction finish_of(ActivationKind kind) {
  return with_vector_activation(
      kind, []<typename Act>() -> TileFinishFunction { return finish<Act, kColumns>; });
}

}  // namespace

const TileKernel kTileAvx2 = {
    kRows,
    kColumns,
    {nullptr, avx2_sums<1>, avx2_sums<2>, avx2_sums<3>, avx2_sums<4>, avx2_sums<5>, avx2_sums<6>,
     nullptr, nullptr},
    avx2_product,
    finish_of,
};

}  // namespace shrike::kernels
