// The parts of a Winograd convolution that depend on the algorithm and the instruction set. The
// driver is winograd.h; the matrices are those of algorithms.h.
//
// An algorithm works on tiles: in x in inputs (the window) make out x out outputs of each channel,
// neighbouring windows lie out * stride apart.
#pragma once

#include <cstdint>

#include "kernels/tile/tile.h"
#include "kernels/window.h"

namespace shrike::kernels {

// One window to its in * in points:
//   values[(i * in + j) * point_stride + c] = scale * (B^T d B)[i][j] of channel c, c < channels,
// where d(y, x) = map[offset + y * row_step + x * pixel_step + c] for y in rows, x in columns, and
// 0 elsewhere. What values holds from `channels` up to the next multiple of 16 is undefined.
struct WinogradInput {
  const float* map;
  int64_t offset;  // of the window's first input, which may lie outside the map
  int64_t row_step, pixel_step;
  Range rows, columns;  // of the window, inside the map
  int64_t channels;
  float* values;  // aligned to 64 bytes
  int64_t point_stride;
  float scale;  // read by those of pairs.h alone; others do not scale
};

// in * in sums to out * out outputs, of which `down` x `across` are wanted:
//   sums[(y * across + x) * C + j] = bias[j] + scale * (A^T m A)[y][x],
// m(i, j) = products[(i * in + j) * point_stride + j'], C the columns of the kernel's tile. Only
// columns j < count are wanted. With `pooled`, of whole tiles with an even side, sums are of the
// largest of each 2 x 2 outputs, `across` / 2 a row: of a NaN and a number either.
struct WinogradOutput {
  const float* products;  // aligned to 64 bytes
  int64_t point_stride;
  const float* bias;  // [C], aligned to 64 bytes
  int64_t count;
  int down, across;
  float* sums;  // aligned to 64 bytes
  float scale;  // as in WinogradInput
  bool pooled;
};

// What the driver knows of an algorithm. Points that are multiplied by the same weights share them:
// in two dimensions the point (i, j) by matrix weight_of[i] * weights + weight_of[j].
struct WinogradAlgorithm {
  int in, out, stride;
  int weights;                     // distinct rows of G
  const double (*weight_rows)[3];  // G
  const int* weight_of;            // [in]
  double rounding;                 // of a sum, see toom_cook.h
  // Of maps as networks have them, log2 of how much larger a window's points are than its inputs,
  // and not those of the weights than these: pairs.h wants them alike.
  double growth;
};

inline constexpr int kMaxWinogradIn = 9;
inline constexpr int kMaxWinogradOut = 5;

struct WinogradKernel {
  const TileKernel* tile;
  const WinogradAlgorithm* algorithm;
  void (*input)(const WinogradInput&);
  void (*output)(const WinogradOutput&);
};

extern const WinogradAlgorithm kWinograd4, kWinograd5;  // 4 x 4 and 5 x 5 outputs, stride 1
extern const WinogradAlgorithm kWinogradStride2;        // 4 x 4 outputs

extern const WinogradKernel kWinograd4Plain, kWinograd5Plain, kWinogradStride2Plain;
#if SHRIKE_KERNELS_AVX2
extern const WinogradKernel kWinograd4Avx2, kWinograd5Avx2, kWinogradStride2Avx2;
extern const WinogradKernel kWinograd4Avx512, kWinograd5Avx512, kWinogradStride2Avx512;
// These scale.
extern const WinogradKernel kScaledWinograd4Avx512, kScaledWinograd5Avx512;
extern const WinogradKernel kScaledWinogradStride2Avx512;
#endif

}  // namespace shrike::kernels
