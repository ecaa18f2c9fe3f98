// Convolution in many narrow groups, depthwise with several outputs for each channel among them:
// a vector holds the outputs of as many whole groups as fit, and their inputs fill no more than
// one either. Of a pixel's inputs, loaded once for a tap, each lane takes its own by a permutation.
//
// Within an output row the pixels whose windows lie inside the map (columns) are taken `rows` at a
// time, as in tile/tile.h; the few others one by one with the window clipped. Weights are packed
//   [block of groups][bias, then sources, then taps x inputs of a group][lanes]
// sources being the lanes' first inputs within the block, as int32_t. A sum's products are added
// in the order of igemm.h.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/tile/tile.h"

namespace shrike::kernels {

// sums[r][j] = bias[j] + sum over i < taps_h, l < taps_w, c < group_in of
//              input[r*pixel_step + i*row_step + l*tap_step + sources[j] + c] *
//              weights[i*weight_step + (l*group_in + c)*lanes + j]
// for j < lanes; rows of sums lie as far apart as those of the tile.
struct GroupedSums {
  const float* input;
  int64_t pixel_step, row_step, tap_step;
  int64_t taps_h, taps_w;
  int64_t group_in;
  int64_t channels;      // of the input that the groups have, 1 .. lanes
  const float* weights;  // aligned to a vector
  int64_t weight_step;
  const float* packed;  // bias and sources; aligned to a vector
  float* sums;          // aligned to 64 bytes
};

using GroupedFunction = void (*)(const GroupedSums&);

struct GroupedKernel {
  const TileKernel* tile;  // its rows, and what finishes the sums
  int64_t lanes;
  GroupedFunction functions[kMaxTileRows + 1];  // by pixels, 1 .. tile->rows
};

#if SHRIKE_KERNELS_AVX2
extern const GroupedKernel kGroupedAvx2;
extern const GroupedKernel kGroupedAvx512;
#endif

const char* grouped_refuse(const GroupedKernel& kernel, const ConvProblem& problem);
size_t grouped_packed_bytes(const GroupedKernel& kernel, const ConvProblem& problem);
void grouped_pack(const GroupedKernel& kernel, const ConvProblem& problem, const float* weights,
                  const float* bias, float* packed);
void grouped_run(const GroupedKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
                 const ConvMaps& maps, ThreadPool& pool);

}  // namespace shrike::kernels
