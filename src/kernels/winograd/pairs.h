// Winograd convolution whose points are multiplied in pairs of channels, as conv/pointwise_pairs.h
// multiplies 1x1 convolutions: with values v = s B^T d B of a window and weights u = f G g G^T,
//
//   v[k]*u[k] + v[k']*u[k'] = (v[k] + u[k'])*(v[k'] + u[k]) - v[k]*v[k'] - u[k]*u[k']
//
// where the second product is summed once a point and tile, for all outputs, and the third once a
// point and output, when weights are packed. One of three channels stays single.
//
// Such sums round as much as v and u are of different size. Points are about alike in that
// (`balance` in toom_cook.h), so that one power of two each is enough: f brings a layer's weights
// to about 1, s the inputs of a window to that; the outputs of its tile are divided by both. s is
// taken from the window alone: a tile's bits depend on what it reads, and on nothing else. Unlike
// in 1x1 convolutions means need not be subtracted, as sums of few products are added.
//
// Everything else is as winograd.h has it. Weights are packed
//   [panel][point][vector of its columns][input channel][lanes]
// the channels of a block of pair_block() in the order of for_each_channel(), multiplied by f; then
// biases, sums of u[k]*u[k'] as [panel][point][column], and f.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/winograd/transform.h"

namespace shrike::kernels {

// How much more a sum rounds than one of single products.
inline constexpr double kPairRounding = 1.4;

// Pairs that are added, with as many single channels, before their sum is added to others.
inline constexpr int64_t kPairSum = 8;

// Channels of a block that lies together; pairs are within it.
int64_t pair_block(int64_t channels);

// One point of some tiles, times a panel's weights:
//   sums[t * C + j] = start[t] - products[j] + sum over channels in pairs and single, C the columns
//                     of the kernel's tile
struct PairPoint {
  const float* values;   // [block of channels][tile][channel]
  int64_t block;         // channels of a block, 32 or what pair_block() says
  int64_t block_stride;  // floats from block to block
  int64_t tiles, channels;
  const float* weights;   // as packed
  const float* start;     // [tile]: what begin() makes
  const float* products;  // [column]: sums of u[k]*u[k']
  float* sums;            // aligned to a vector
  int64_t columns;        // wanted
  bool far;               // the weights come from beyond the caches
};

// start[t] = -sum over the pairs of v[k]*v[k'], of the point's tiles; writes a multiple of four.
using PairStart = void (*)(const PairPoint&, float* start);

struct WinogradPairs {
  const WinogradKernel* kernel;  // that scales
  int64_t lanes;                 // of a vector; divides the tile's columns
  // The sum of d^2 over every other input of a window, as the fields of a chess board.
  double (*squares)(const WinogradInput&);
  PairStart begin;
  void (*multiply)(const PairPoint&);
  bool wide;  // multiplies each value with two vectors of columns at once
};

#if SHRIKE_KERNELS_AVX2
extern const WinogradPairs kWinogradPairs4Avx512, kWinogradPairs5Avx512;
extern const WinogradPairs kWinogradPairsStride2Avx512;
extern const WinogradPairs kWideWinogradPairs4Avx512, kWideWinogradPairs5Avx512;
extern const WinogradPairs kWideWinogradPairsStride2Avx512;
#endif

// The power of two that brings numbers of that mean square, times 2^growth, to about 1; 1 where
// they are all 0, or not finite.
float pair_scale(double mean_square, double growth);
// f, from all weights; s of a window with that sum of squares over so many channels.
float pair_weight_scale(const float* weights, int64_t count);
float pair_input_scale(const WinogradAlgorithm& algorithm, const WinogradInput& window,
                       double squares, int64_t channels);

const char* winograd_pairs_refuse(const WinogradPairs& pairs, const ConvProblem& problem);
double winograd_pairs_cost(const WinogradAlgorithm& algorithm, bool wide,
                           const ConvProblem& problem);
size_t winograd_pairs_packed_bytes(const WinogradPairs& pairs, const ConvProblem& problem);
void winograd_pairs_pack(const WinogradPairs& pairs, const ConvProblem& problem,
                         const float* weights, const float* bias, float* packed);
size_t winograd_pairs_scratch_bytes(const WinogradPairs& pairs, const ConvProblem& problem,
                                    int threads);
void winograd_pairs_run(const WinogradPairs& pairs, const ConvProblem& problem,
                        const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                        std::span<std::byte> scratch, bool pooled = false);

}  // namespace shrike::kernels
