// Winograd convolution for large weights and few tiles: weights stay as a direct convolution has
// them, and are transformed in each run, between being read and being used.
//
// Packed weights of winograd.h are points^2 / 9 times the memory of the model's, and each is used
// once a tile: in a map of 13 x 13 with tiles of 5 x 5 nine times, which takes less time than
// fetching it from memory. Here a row of G g of a block of channels waits in the first cache level,
// and a point's weights are made of its three vectors in registers, for a pair of points at once,
// and multiplied by all tiles there: nothing is stored that is read once.
//
// All windows are transformed first; then each panel of tile.columns outputs goes through the
// channels in blocks. Weights are packed
//   [panel][vector of its columns][input channel][tap][lanes]
// then the biases: what is read is read once, in order. lean_pairs.h is its like in pairs.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/winograd/transform.h"

namespace shrike::kernels {

inline constexpr int64_t kLeanChannels = 32;  // of a block at most
inline constexpr int64_t kLeanTiles = 9;      // whose sums AVX-512's registers hold
inline constexpr int64_t kLeanSum = 32;       // products added before their sum is added to others

// A block of channels, one vector of columns and all points p and tiles t:
//   sums[p * sums_stride + t * columns + j] (+)= sum over c < channels of
//     values[p * values_stride + t * kLeanChannels + c] * (G g G^T)[p], g = taps[c][.][j]
// added to what is there where `add`. Everything is aligned to a vector. The taps behind these are
// those that are needed next.
struct LeanBlock {
  const float* taps;  // [channels][9][lanes]
  int64_t channels, tiles;
  const float* values;
  int64_t values_stride;
  float* sums;
  int64_t sums_stride, columns;
  bool add;
  float* half;  // scratch: [2][channels][3][vector]
};

struct LeanWinograd {
  const WinogradKernel* kernel;
  int64_t lanes;  // of a vector; divides the tile's columns
  void (*multiply)(const LeanBlock&);
};

#if SHRIKE_KERNELS_AVX2
extern const LeanWinograd kLeanWinograd4Avx2, kLeanWinograd5Avx2;
extern const LeanWinograd kLeanWinograd4Avx512, kLeanWinograd5Avx512;
#endif

// Refuses what winograd_refuse() does, many tiles, and, with problem.by_estimate, what packed
// points, the other tile or a direct convolution are estimated to do faster.
const char* lean_winograd_refuse(const LeanWinograd& lean, const ConvProblem& problem);
double lean_winograd_cost(const LeanWinograd& lean, const ConvProblem& problem);
size_t lean_winograd_packed_bytes(const LeanWinograd& lean, const ConvProblem& problem);
void lean_winograd_pack(const LeanWinograd& lean, const ConvProblem& problem, const float* weights,
                        const float* bias, float* packed);
size_t lean_winograd_scratch_bytes(const LeanWinograd& lean, const ConvProblem& problem,
                                   int threads);
void lean_winograd_run(const LeanWinograd& lean, const ConvProblem& problem,
                       const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                       std::span<std::byte> scratch);

}  // namespace shrike::kernels
