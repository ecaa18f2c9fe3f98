// Written for the compiler's vectoriser: two rows of 16 sums fit 8 registers of 4 floats.
#include "kernels/tile/tile.h"

namespace shrike::kernels {

namespace {

constexpr int kRows = 6;
constexpr int kColumns = 16;

template <int kCount>
void sums_of_few(const TileSums& tile, int row_count, int first) {
  float sums[kCount][kColumns];
  for (int r = 0; r < kCount; ++r)
    for (int j = 0; j < kColumns; ++j) sums[r][j] = 0;
  const float* weights = tile.weights;
  for (int64_t s = 0; s < tile.runs; ++s) {
    const float* const* pointers = tile.pointers + s * row_count + first;
    for (int64_t k = 0; k < tile.run_length; ++k, weights += kColumns)
      for (int r = 0; r < kCount; ++r)
        for (int j = 0; j < kColumns; ++j) sums[r][j] += pointers[r][k] * weights[j];
  }
  for (int r = 0; r < kCount; ++r)
    for (int j = 0; j < kColumns; ++j)
      tile.sums[(first + r) * kColumns + j] = sums[r][j] + tile.bias[j];
}

template <int kRowCount>
void plain_sums(const TileSums& tile) {
  int r = 0;
  for (; r + 2 <= kRowCount; r += 2) sums_of_few<2>(tile, kRowCount, r);
  if (r < kRowCount) sums_of_few<1>(tile, kRowCount, r);
}

template <int kCount>
void product_of_few(const TileProduct& tile, int64_t first) {
  float sums[kCount][kColumns] = {};
  const float* rows = tile.rows + first * tile.row_stride;
  const float* weights = tile.weights;
  for (int64_t k = 0; k < tile.depth; ++k, weights += kColumns)
    for (int r = 0; r < kCount; ++r)
      for (int j = 0; j < kColumns; ++j) sums[r][j] += rows[r * tile.row_stride + k] * weights[j];
  for (int r = 0; r < kCount; ++r)
    for (int j = 0; j < kColumns; ++j) tile.sums[(first + r) * kColumns + j] = sums[r][j];
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
