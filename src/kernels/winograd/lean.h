// Winograd convolution whose weights stay as a direct convolution has them, and are transformed in
// each run, between being read and being used.
//
// Packed weights of winograd.h are points^2 / 9 times the memory of the model's. A network's come
// from beyond the caches in each run, which takes longer than to transform them anew where not too
// many tiles use each. Here rows of G g of a group of channels of a panel wait in the first cache
// level, a point's weights are made of them, and all tiles of a block that use the point are
// multiplied by these.
//
// A block's windows are transformed first; then each panel of tile.columns outputs goes through the
// channels in groups. Or, of a block that one worker has for itself, a group of channels at a time
// is transformed and goes through all panels, where sums for these take less than all groups'
// values. Weights are packed
//   [panel][input channel][tap][tile.columns]
// then the biases: what is read is read once for a block. lean_pairs.h is its like in pairs.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/winograd/tiles.h"
#include "kernels/winograd/transform.h"

namespace shrike::kernels {

// Of a group at most: products that are added before their sum is added to others.
inline constexpr int64_t kLeanChannels = 32;
// That rounds as much more than TileKernel::product() where channels are few.
inline constexpr double kLeanRounding = 1.35;

// A group of channels of one panel, all points p and the tiles t that use them:
//   sums[p * sums_stride + t * columns + j] (+)= sum over c < channels of
//     values[p * values_stride + t * kLeanChannels + c] * (G g G^T)[p], g = taps[c][.][j]
// added to what is there where `add`. Everything is aligned to a vector.
struct LeanGroup {
  const float* taps;  // [channels][9][columns], columns those of the kernel's tile
  const float* next;  // those that are needed next: a place to ask for, whatever is there
  int64_t channels;
  int64_t count;  // of the columns that are wanted, the first ones
  const TileGrid::Users* users;
  int64_t first;  // the tile 0 among the users
  const float* values;
  int64_t values_stride;
  float* sums;
  int64_t sums_stride;
  bool add;
  float* half;     // scratch: [2][channels][3][columns]
  float* weights;  // scratch: [2][channels][columns]
};

struct LeanWinograd {
  const WinogradKernel* kernel;
  void (*multiply)(const LeanGroup&);
};

#if SHRIKE_KERNELS_AVX2
extern const LeanWinograd kLeanWinograd4Avx2, kLeanWinograd5Avx2;
extern const LeanWinograd kLeanWinograd4Avx512, kLeanWinograd5Avx512;
#endif

// Tiles that are computed together, at most. The more, the more seldom weights are made; the fewer,
// the more of their sums stays in the second cache level.
int64_t lean_block_tiles(const WinogradAlgorithm& algorithm, const ConvProblem& problem);

// Refuses what winograd_refuse() does, and, with problem.by_estimate, what packed points, the other
// tile or a direct convolution are estimated to do faster.
const char* lean_winograd_refuse(const LeanWinograd& lean, const ConvProblem& problem);
double lean_winograd_cost(const LeanWinograd& lean, const ConvProblem& problem);
size_t lean_winograd_packed_bytes(const LeanWinograd& lean, const ConvProblem& problem);
void lean_winograd_pack(const LeanWinograd& lean, const ConvProblem& problem, const float* weights,
                        const float* bias, float* packed);
size_t lean_winograd_scratch_bytes(const LeanWinograd& lean, const ConvProblem& problem,
                                   int threads);
void lean_winograd_run(const LeanWinograd& lean, const ConvProblem& problem,
                       const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                       std::span<std::byte> scratch, bool pooled = false);

}  // namespace shrike::kernels
