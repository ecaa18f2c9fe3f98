// Depthwise convolution: as many groups as input and output channels, vectors run over channels.
//
// Within an output row the pixels whose windows lie inside the map (columns) are taken `rows` at a
// time, as in tile/tile.h; the few others one by one with the window clipped. Weights are packed
// [block of tile.columns channels][bias, then taps][tile.columns]. A sum's products are added in
// tap order.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/tile/tile.h"

namespace shrike::kernels {

// sums[r][j] = bias[j] + sum over i < taps_h, l < taps_w of
//              input[r*pixel_step + i*row_step + l*tap_step + j] * weights[i*weight_step + l*C + j]
// for j < channels, C = the tile's columns; other columns of sums are undefined.
struct DepthwiseSums {
  const float* input;
  int64_t pixel_step, row_step, tap_step;
  int64_t taps_h, taps_w;
  const float* weights;  // aligned to 64 bytes
  int64_t weight_step;
  const float* bias;
  int64_t channels;
  float* sums;  // aligned to 64 bytes
};

using DepthwiseFunction = void (*)(const DepthwiseSums&);

struct DepthwiseTile {
  const TileKernel* tile;                         // sizes and what finishes the sums
  DepthwiseFunction functions[kMaxTileRows + 1];  // by pixels, 1 .. rows
};

extern const DepthwiseTile kDepthwisePlain;
#if SHRIKE_KERNELS_AVX2
extern const DepthwiseTile kDepthwiseAvx2;
extern const DepthwiseTile kDepthwiseAvx512;
#endif

const char* depthwise_refuse(const ConvProblem& problem);
size_t depthwise_packed_bytes(int64_t columns, const ConvProblem& problem);
// In blocks of `columns` channels.
void depthwise_pack(int64_t columns, const ConvProblem& problem, const float* weights,
                    const float* bias, float* packed);
void depthwise_run(const DepthwiseTile& tile, const ConvProblem& problem, const PackedConv& packed,
                   const ConvMaps& maps, ThreadPool& pool);

}  // namespace shrike::kernels
