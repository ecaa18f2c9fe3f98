// Rows of a first convolution on the vectors of one instruction set: included by its file behind
// activation/vector_avx2.h or its like.
#pragma once

#include "kernels/conv/stem.h"

namespace shrike::kernels {
namespace {

// Channel c of column x of a window's row i is rows[i][c][x * kPixel].
template <int kPixels, int kVectors, int kStride, int kPixel>
struct StemSums {
  Vec sums[kPixels][kVectors];

  [[gnu::always_inline]] StemSums(const StemRow& row, const float* const (&rows)[3][3]) {
    constexpr int64_t kColumns = kVectors * kLanes;
#pragma GCC unroll 8
    for (int r = 0; r < kPixels; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sums[r][v] = splat(0.0f);
    const float* weights = row.weights;
#pragma GCC unroll 3
    for (int i = 0; i < 3; ++i) {
#pragma GCC unroll 9
      for (int k = 0; k < 9; ++k, weights += kColumns) {
        Vec w[kVectors];
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) w[v] = load_aligned(weights + v * kLanes);
        const float* column = rows[i][k % 3] + k / 3 * kPixel;
        // Where registers are few, values that two windows share are read again: kept, they would
        // take the sums' place.
        if constexpr (kLanes < 16) asm("" : "+r"(column));
#pragma GCC unroll 8
        for (int r = 0; r < kPixels; ++r) {
          const Vec x = splat(column[r * kStride * kPixel]);
#pragma GCC unroll 2
          for (int v = 0; v < kVectors; ++v) sums[r][v] = fma(x, w[v], sums[r][v]);
        }
      }
    }
    // The bias comes last, for the reason given in tile_avx2.cpp.
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      const Vec bias = load(row.bias + v * kLanes);
#pragma GCC unroll 8
      for (int r = 0; r < kPixels; ++r) sums[r][v] = sums[r][v] + bias;
    }
  }
};

template <int kPixels, int kVectors, typename Sums, typename Act>
[[gnu::always_inline]] inline void store_tile(const StemRow& row, const Act& act, const Sums& tile,
                                              int64_t p) {
  float* output = row.output + p * row.output_step;
  if (row.columns == kVectors * kLanes) {
#pragma GCC unroll 8
    for (int r = 0; r < kPixels; ++r, output += row.output_step)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) store(output + v * kLanes, act(tile.sums[r][v]));
  } else {
    for (int r = 0; r < kPixels; ++r, output += row.output_step)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v)
        if (v * kLanes < row.columns)
          store_some(output + v * kLanes, act(tile.sums[r][v]), row.columns - v * kLanes);
  }
}

// Columns [begin, begin + count) of all windows' rows, zeros for those that are not there.
template <int64_t kCount>
struct StemWindows {
  // A vector is stored from any of the columns on.
  alignas(64) float columns[9][kLanes + (kCount + kLanes - 1) / kLanes * kLanes];
  const float* rows[3][3];

  StemWindows(const StemRow& row, int64_t begin) {
    for (int i = 0; i < 9; ++i) {
      float* target = columns[i];
      rows[i / 3][i % 3] = target;
      const float* source = row.rows[i / 3][i % 3];
      const int64_t before = begin < 0 ? -begin : 0;
      const int64_t left = row.width - begin, end = source && left > 0 ? left : 0;
      const int64_t stop = end < kCount ? end : kCount;
      for (int64_t x = 0; x < kCount; x += kLanes) store(target + x, splat(0.0f));
      if (row.pixel == 1) {
        for (int64_t x = before; x < stop; x += kLanes)
          store(target + x, load_some(source + begin + x, stop - x));
      } else {
        for (int64_t x = before; x < stop; ++x) target[x] = source[(begin + x) * row.pixel];
      }
    }
  }
};

// Rows of stride 1 and 2 have as many new rows of the picture.
template <int kPixels, int kStride, int kPixel>
[[gnu::always_inline]] inline void fetch_ahead(const StemRow& row, int64_t x) {
  constexpr int64_t kColumns = kPixels * kStride;
#pragma GCC unroll 2
  for (int i = 0; i < kStride; ++i)
#pragma GCC unroll 3
    for (int c = 0; c < 3; ++c) {
      if (!row.ahead[i][c]) continue;
      if constexpr (kPixel == 1) {
        __builtin_prefetch(row.ahead[i][c] + x);
      } else {  // a pixel's channels are one row
        const int64_t part = kColumns * kPixel / 3 * c;
        __builtin_prefetch(row.ahead[i][0] + x * kPixel + part);
      }
    }
}

// The last pixels are computed together with some before them, twice. kPixel: of columns that are
// read as they lie; 0 where none are.
template <int kPixels, int kVectors, int kStride, int kPixel, typename Act>
void stem_row_of(const StemRow& row) {
  constexpr int64_t kColumns = (kPixels - 1) * kStride + 3;
  const Act act(row.activation);
  const bool exist = row.rows[0][0] && row.rows[1][0] && row.rows[2][0];
  for (int64_t next = 0; next < row.count; next += kPixels) {
    const int64_t p = next + kPixels <= row.count ? next : row.count - kPixels;
    const int64_t x = p * kStride - row.pad;
    if constexpr (kPixel > 0) fetch_ahead<kPixels, kStride, kPixel>(row, x);
    if (kPixel > 0 && exist && x >= 0 && x + kColumns <= row.width) {
      const float* rows[3][3];
#pragma GCC unroll 3
      for (int i = 0; i < 3; ++i)
#pragma GCC unroll 3
        for (int c = 0; c < 3; ++c) rows[i][c] = row.rows[i][c] + x * kPixel;
      const StemSums<kPixels, kVectors, kStride, kPixel> tile(row, rows);
      store_tile<kPixels, kVectors>(row, act, tile, p);
    } else {
      const StemWindows<kColumns> windows(row, x);
      const StemSums<kPixels, kVectors, kStride, 1> tile(row, windows.rows);
      store_tile<kPixels, kVectors>(row, act, tile, p);
    }
  }
}

template <int kPixels, int kVectors, int kStride, typename Act>
void stem_row(const StemRow& row) {
  if (row.pixel == 1) return stem_row_of<kPixels, kVectors, kStride, 1, Act>(row);
  if (row.pixel == kStemChannels)
    return stem_row_of<kPixels, kVectors, kStride, kStemChannels, Act>(row);
  stem_row_of<kPixels, kVectors, kStride, 0, Act>(row);
}

template <int kPixels, int kVectors, typename Act>
StemFunction stem_of(int64_t stride) {
  if (stride == 1) return stem_row<kPixels, kVectors, 1, Act>;
  return stride == 2 ? stem_row<kPixels, kVectors, 2, Act> : nullptr;
}

// Those that follow first layers in the networks that are known: each is as much code again.
template <int kPixels, int kVectors>
StemFunction stem_function(int64_t stride, ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kNone:
      return stem_of<kPixels, kVectors, VecNone>(stride);
    case ActivationKind::kRelu:
      return stem_of<kPixels, kVectors, VecRelu>(stride);
    case ActivationKind::kLeakyRelu:
      return stem_of<kPixels, kVectors, VecLeakyRelu>(stride);
    case ActivationKind::kSilu:
      return stem_of<kPixels, kVectors, VecSilu>(stride);
    case ActivationKind::kMish:
      return stem_of<kPixels, kVectors, VecMish>(stride);
    case ActivationKind::kHardSwish:
      return stem_of<kPixels, kVectors, VecHardSwish>(stride);
    default:
      return nullptr;
  }
}

}  // namespace
}  // namespace shrike::kernels
