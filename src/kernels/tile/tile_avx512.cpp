#include <utility>

#include "kernels/activation/vector_avx512.h"
#include "kernels/tile/finish.h"
#include "kernels/tile/tile.h"

namespace shrike::kernels {

namespace {

constexpr int kRows = 8;
constexpr int kColumns = 32;

// A tile of kRowCount rows and kVectors vectors of columns; weights are kColumns apart either way.
template <int kRowCount, int kVectors>
struct Sums {
  Vec sums[kRowCount][kVectors];

  [[gnu::always_inline]] void clear() {
#pragma GCC unroll 12
    for (int r = 0; r < kRowCount; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sums[r][v] = splat(0.0f);
  }

  // sums[r] += row[r][k] * weights[k] for k < length, k in order. Returns the weights behind them.
  [[gnu::always_inline]] const float* add(const float* const (&row)[kRowCount], int64_t length,
                                          const float* weights) {
#pragma GCC unroll 2
    for (int64_t k = 0; k < length; ++k, weights += kColumns) {
      Vec w[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) w[v] = load_aligned(weights + v * kLanes);
#pragma GCC unroll 12
      for (int r = 0; r < kRowCount; ++r) {
        const Vec x = splat(row[r][k]);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) sums[r][v] = fma(x, w[v], sums[r][v]);
      }
    }
    return weights;
  }

  // sums[r] = those of kProductBlock products. Returns the weights behind them.
  [[gnu::always_inline]] const float* of_block(const float* const (&row)[kRowCount],
                                               const float* weights) {
#pragma GCC unroll 16
    for (int64_t k = 0; k < kProductBlock; ++k, weights += kColumns) {
      Vec w[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) w[v] = load_aligned(weights + v * kLanes);
#pragma GCC unroll 12
      for (int r = 0; r < kRowCount; ++r) {
        const Vec x = splat(row[r][k]);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v)
          sums[r][v] = k == 0 ? x * w[v] : fma(x, w[v], sums[r][v]);
      }
    }
    return weights;
  }

  [[gnu::always_inline]] void add(const Sums& other) {
#pragma GCC unroll 12
    for (int r = 0; r < kRowCount; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sums[r][v] = sums[r][v] + other.sums[r][v];
  }

  [[gnu::always_inline]] void store(float* target, const Vec (&bias)[kVectors]) const {
#pragma GCC unroll 12
    for (int r = 0; r < kRowCount; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v)
        store_aligned(target + r * kColumns + v * kLanes, sums[r][v] + bias[v]);
  }
};

template <int kRowCount, int kVectors>
[[gnu::always_inline]] inline void add_runs(const TileSums& tile, Sums<kRowCount, kVectors>& sums) {
  sums.clear();
  const float* weights = tile.weights;
  const float* const* pointers = tile.pointers;
  for (int64_t s = 0; s < tile.runs; ++s, pointers += kRowCount) {
    const float* row[kRowCount];
#pragma GCC unroll 12
    for (int r = 0; r < kRowCount; ++r) row[r] = pointers[r];
    weights = sums.add(row, tile.run_length, weights);
  }
}

// The bias comes last, for the reason given in tile_avx2.cpp.
template <int kRowCount, int kVectors>
void sums_of(const TileSums& tile) {
  Sums<kRowCount, kVectors> sums;
  add_runs(tile, sums);
  Vec bias[kVectors];
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) bias[v] = load(tile.bias + v * kLanes);
  sums.store(tile.sums, bias);
}

template <typename Act, int kVectors>
void whole_tile(const TileSums& tile, const TileFinish& finish) {
  Sums<kRows, kVectors> sums;
  add_runs(tile, sums);
  const Act act(finish.activation);
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    const Vec bias = load(tile.bias + v * kLanes);
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r)
      store(finish.outputs[r] + finish.column + v * kLanes, act(sums.sums[r][v] + bias));
  }
}

template <typename Act>
TileWholeFunction whole_with(int64_t count) {
  if (count == kColumns) return whole_tile<Act, 2>;
  return count == kLanes ? whole_tile<Act, 1> : nullptr;
}

// Functions of a few operations: long chains of them go better several tiles at a time.
TileWholeFunction whole_of(ActivationKind kind, int64_t count) {
  switch (kind) {
    case ActivationKind::kNone:
      return whole_with<VecNone>(count);
    case ActivationKind::kLeakyRelu:
      return whole_with<VecLeakyRelu>(count);
    default:
      return nullptr;
  }
}

template <int kRowCount>
void avx512_sums(const TileSums& tile) {
  if (tile.count <= kLanes) {
    sums_of<kRowCount, 1>(tile);
  } else {
    sums_of<kRowCount, 2>(tile);
  }
}

// Tiles of a product have fewer rows: the sums of a block and what they are added to fill 24 of 32
// registers. Additions have units of their own on some processors, and cost little on others.
constexpr int product_tile(int vectors) { return 12 / vectors; }

// Rows [first, last) in tiles of kRowCount.
template <int kRowCount, int kVectors>
void product_rows(const TileProduct& tile, int64_t first, int64_t last) {
  for (int64_t i = first; i < last; i += kRowCount) {
    const float* row[kRowCount];
#pragma GCC unroll 12
    for (int r = 0; r < kRowCount; ++r) row[r] = tile.rows + (i + r) * tile.row_stride;
    const float* weights = tile.weights;
    Sums<kRowCount, kVectors> total, block;
    total.clear();
    int64_t left = tile.depth;
    for (; left >= kProductBlock; left -= kProductBlock) {
      weights = block.of_block(row, weights);
      total.add(block);
#pragma GCC unroll 12
      for (int r = 0; r < kRowCount; ++r) row[r] += kProductBlock;
    }
    if (left > 0) {
      block.clear();
      block.add(row, left, weights);
      total.add(block);
    }
    const Vec nothing[kVectors] = {};
    total.store(tile.sums + i * kColumns, nothing);
  }
}

using RowsFunction = void (*)(const TileProduct&, int64_t first, int64_t last);
template <int kVectors, int... kRowCount>
void product_of(const TileProduct& tile, std::integer_sequence<int, kRowCount...>) {
  static constexpr RowsFunction kFunctions[] = {product_rows<kRowCount + 1, kVectors>...};
  // As few tiles as there can be, of two sizes that differ by one row.
  const int64_t most = sizeof...(kRowCount), tiles = (tile.count + most - 1) / most;
  const int64_t rows = tile.count / tiles;
  const int64_t larger = (tile.count - rows * tiles) * (rows + 1);
  if (larger > 0) kFunctions[rows](tile, 0, larger);
  kFunctions[rows - 1](tile, larger, tile.count);
}

template <int kVectors>
void product_of(const TileProduct& tile) {
  product_of<kVectors>(tile, std::make_integer_sequence<int, product_tile(kVectors)>());
}

void avx512_product(const TileProduct& tile) {
  tile.columns <= kLanes ? product_of<1>(tile) : product_of<2>(tile);
}

TileFinishFunction finish_of(ActivationKind kind) {
  return with_vector_activation(
      kind, []<typename Act>() -> TileFinishFunction { return finish<Act, kColumns>; });
}

}  // namespace

const TileKernel kTileAvx512 = {
    kRows,
    kColumns,
    {nullptr, avx512_sums<1>, avx512_sums<2>, avx512_sums<3>, avx512_sums<4>, avx512_sums<5>,
     avx512_sums<6>, avx512_sums<7>, avx512_sums<8>},
    avx512_product,
    finish_of,
    whole_of,
};

}  // namespace shrike::kernels
