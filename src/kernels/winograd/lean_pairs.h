// Winograd convolution for large weights and few tiles, in pairs of channels: what lean.h does with
// single products, as pairs.h multiplies. Weights stay as a direct convolution has them and become
// points in registers, for a pair of points at once and all tiles that are there.
//
// Rows of G are used less their scales s, which would be a multiplication for each weight: values
// are multiplied by powers of two k next to 1 / s instead, which keeps both as much alike, and sums
// by s / k, of the point's row and of its column.
//
// Sums of kLeanPairChannels are added to those before. What all pairs of values and all pairs of
// weights make among themselves is taken away at the end; of weights it is what values of 0 give.
//
// Weights are packed, times f (pairs.h),
//   [panel][vector of its columns][channel][tap][lanes]
// the channels a multiple of three, then biases as [panel][columns], products of pairs of weights
// as [panel][vector][point][lanes], and f. Of three channels two are a pair and one is single.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/winograd/pairs.h"
#include "kernels/winograd/transform.h"

namespace shrike::kernels {

inline constexpr int64_t kLeanPairChannels = 24;  // of a block at most: eight pairs
inline constexpr int64_t kLeanPairTiles = 9;      // whose sums registers hold, of two points

// Tiles that are computed together, and who uses what: uses[2 * a + b] are the tiles with a use for
// the point (i, j), a being whether i is infinity, b whether j is.
struct LeanPairGroup {
  struct Use {
    int64_t count = 0;
    int8_t tiles[kLeanPairTiles] = {};  // counted from the group's first
  };
  int64_t first = 0, count = 0;
  Use uses[4];

  // Numbers that all points of a row, or all points, have of one channel.
  int64_t row_size(bool last, int64_t points) const {
    const Use* use = uses + (last ? 2 : 0);
    return (points - 1) * use[0].count + use[1].count;
  }
  int64_t size(int64_t points) const {
    return (points - 1) * row_size(false, points) + row_size(true, points);
  }
};

// A block of channels, one vector of columns, all points p and the tiles t that use them:
//   sums[p][t][j] (+)= sum over triples c, c + 1, c + 2 of
//     (v[c] + u[c + 1]) * (v[c + 1] + u[c]) + v[c + 2] * u[c + 2]
// with v[c] = values[p][c][t], u[c] = (G g G^T)[p] less its scales, g = taps[c][.][j];
// added to what is there where `add`. No place is left for tiles
// that have no use for a point.
struct LeanPairBlock {
  const float* taps;  // [channels][9][lanes]; those that are needed next follow
  int64_t channels;   // a multiple of three
  const LeanPairGroup* group;
  const float* values;
  float* sums;  // aligned to a vector, as taps
  bool add;
  float* half;  // scratch: [2][channels][3][lanes]
};

// One point of a group, all its channels:
//   start[t] = -sum over triples of v[c] * v[c + 1]
struct LeanPairStart {
  const float* values;   // [block][..][channel][tile], blocks block_stride floats apart
  int64_t block_stride;  // of whole blocks; the last may have fewer channels
  int64_t channels, count;
  int64_t offset;  // of the point in a block, in floats a channel
  float* start;    // a vector
};

// points[p * point_stride + tile * columns + j] =
//   (sums[p][t][j] + start[p * lanes + t] - products[p][j]) * (s / k)[row] * (s / k)[column]
struct LeanPairSums {
  const LeanPairGroup* group;
  const float *sums, *start, *products;
  float* points;
  int64_t point_stride, columns;
};

struct LeanPairs {
  const WinogradPairs* pairs;
  void (*multiply)(const LeanPairBlock&);
  void (*begin)(const LeanPairStart&);
  void (*spread)(const LeanPairSums&);
  float scales[kMaxWinogradIn];  // k
};

#if SHRIKE_KERNELS_AVX2
// The same code, chosen next to the packed rows of either kind of processor.
extern const LeanPairs kLeanPairs5Avx512, kWholeLeanPairs5Avx512;
#endif

// Refuses what winograd_pairs_refuse() does, many tiles, and, with problem.by_estimate, what packed
// points or a direct convolution are estimated to do faster.
const char* lean_pairs_refuse(const LeanPairs& lean, const ConvProblem& problem);
double lean_pairs_cost(const LeanPairs& lean, const ConvProblem& problem);
size_t lean_pairs_packed_bytes(const LeanPairs& lean, const ConvProblem& problem);
void lean_pairs_pack(const LeanPairs& lean, const ConvProblem& problem, const float* weights,
                     const float* bias, float* packed);
size_t lean_pairs_scratch_bytes(const LeanPairs& lean, const ConvProblem& problem, int threads);
void lean_pairs_run(const LeanPairs& lean, const ConvProblem& problem, const PackedConv& packed,
                    const ConvMaps& maps, ThreadPool& pool, std::span<std::byte> scratch);

}  // namespace shrike::kernels
