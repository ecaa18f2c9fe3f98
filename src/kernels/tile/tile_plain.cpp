// Two rows of 16 sums fit 8 registers of 4 floats.
#include <algorithm>

#include "kernels/tile/tile.h"
#include "kernels/tile/vector_plain.h"

namespace shrike::kernels {

namespace {

constexpr int kRows = 6;
constexpr int kColumns = 16;
constexpr int kVectors = kColumns / kLanes;

template <int kCount>
struct Sums {
  Vec sums[kCount][kVectors] = {};

  // sums[r] += row[r][k] * weights[k] for k < length, k in order. Returns the weights behind them.
  const float* add(const float* const (&row)[kCount], int64_t length, const float* weights) {
    for (int64_t k = 0; k < length; ++k, weights += kColumns)
      for (int r = 0; r < kCount; ++r) {
        const Vec x = splat(row[r][k]);
        for (int v = 0; v < kVectors; ++v)
          sums[r][v] = fma(x, load_aligned(weights + v * kLanes), sums[r][v]);
      }
    return weights;
  }
};

template <int kCount>
void sums_of_few(const TileSums& tile, int row_count, int first) {
  Sums<kCount> tile_sums;
  const float* weights = tile.weights;
  for (int64_t s = 0; s < tile.runs; ++s) {
    const float* row[kCount];
    for (int r = 0; r < kCount; ++r) row[r] = tile.pointers[s * row_count + first + r];
    weights = tile_sums.add(row, tile.run_length, weights);
  }
  for (int r = 0; r < kCount; ++r)
    for (int v = 0; v < kVectors; ++v)
      store_aligned(tile.sums + (first + r) * kColumns + v * kLanes,
                    tile_sums.sums[r][v] + load(tile.bias + v * kLanes));
}

template <int kRowCount>
void plain_sums(const TileSums& tile) {
  int r = 0;
  for (; r + 2 <= kRowCount; r += 2) sums_of_few<2>(tile, kRowCount, r);
  if (r < kRowCount) sums_of_few<1>(tile, kRowCount, r);
}

template <int kCount>
void product_of_few(const TileProduct& tile, int64_t first) {
  Sums<kCount> total;
  const float* weights = tile.weights;
  for (int64_t k = 0; k < tile.depth; k += kProductBlock) {
    const float* row[kCount];
    for (int r = 0; r < kCount; ++r) row[r] = tile.rows + (first + r) * tile.row_stride + k;
    Sums<kCount> block;
    weights = block.add(row, std::min(tile.depth - k, kProductBlock), weights);
    for (int r = 0; r < kCount; ++r)
      for (int v = 0; v < kVectors; ++v) total.sums[r][v] = total.sums[r][v] + block.sums[r][v];
  }
  for (int r = 0; r < kCount; ++r)
    for (int v = 0; v < kVectors; ++v)
      store_aligned(tile.sums + (first + r) * kColumns + v * kLanes, total.sums[r][v]);
}

void plain_product(const TileProduct& tile) {
  int64_t i = 0;
  for (; i + 2 <= tile.count; i += 2) product_of_few<2>(tile, i);
  if (i < tile.count) product_of_few<1>(tile, i);
}

void plain_finish(const TileFinish& tile) {
  for (int r = 0; r < tile.row_count; ++r) {
    float* out = tile.outputs[r] + tile.column;
    for (int64_t j = 0; j < tile.count; ++j) {
      float value = tile.sums[r * kColumns + j];
      if (tile.order == Residual::kBeforeActivation) value += tile.residual[r][tile.column + j];
      value = apply_reference(tile.activation, value);
      if (tile.order == Residual::kAfterActivation) value += tile.residual[r][tile.column + j];
      out[j] = value;
    }
  }
}

}  // namespace

const TileKernel kTilePlain = {
    kRows,
    kColumns,
    {nullptr, plain_sums<1>, plain_sums<2>, plain_sums<3>, plain_sums<4>, plain_sums<5>,
     plain_sums<6>, nullptr, nullptr},
    plain_product,
    [](ActivationKind) -> TileFinishFunction { return plain_finish; },
};

}  // namespace shrike::kernels
