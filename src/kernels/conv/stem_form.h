// Rows of a first convolution on the vectors of one instruction set: included by its file behind
// activation/vector_avx2.h or its like.
#pragma once

#include "kernels/conv/stem.h"

namespace shrike::kernels {
namespace {

template <int kPixels, int kVectors, int kStride>
struct StemSums {
  Vec sums[kPixels][kVectors];

  [[gnu::always_inline]] StemSums(const StemRow& row, int64_t p) {
    constexpr int64_t kColumns = kVectors * kLanes;
#pragma GCC unroll 8
    for (int r = 0; r < kPixels; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sums[r][v] = splat(0.0f);
    const float* weights = row.weights;
#pragma GCC unroll 3
    for (int i = 0; i < 3; ++i) {
      const float* window = row.rows[i] + p * kStride * kStemChannels;
#pragma GCC unroll 9
      for (int k = 0; k < 9; ++k, weights += kColumns) {
        Vec w[kVectors];
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) w[v] = load_aligned(weights + v * kLanes);
#pragma GCC unroll 8
        for (int r = 0; r < kPixels; ++r) {
          const Vec x = splat(window[r * kStride * kStemChannels + k]);
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

// The last pixels are computed together with some before them, twice.
template <int kPixels, int kVectors, int kStride, typename Act>
void stem_row(const StemRow& row) {
  const Act act(row.activation);
  const bool whole = row.columns == kVectors * kLanes;
  for (int64_t next = 0; next < row.count; next += kPixels) {
    const int64_t p = next + kPixels <= row.count ? next : row.count - kPixels;
    const StemSums<kPixels, kVectors, kStride> tile(row, p);
    float* output = row.output + p * row.output_step;
    if (whole) {
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
