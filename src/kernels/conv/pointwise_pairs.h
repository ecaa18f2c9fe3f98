// 1x1 convolution with about two thirds as many multiplications, after Winograd, "A New Algorithm
// for Inner Product", IEEE Transactions on Computers, 1968. Of channels k and k' of a pixel x and
// weights w, for any shifts c and scale s,
//
//   x[k]*w[k] + x[k']*w[k'] = ((x[k] + v[k']) * (x[k'] + v[k]) - (x[k]-c[k]) * (x[k']-c[k'])) / s
//                             - s*w[k]*w[k'] + c[k]*w[k] + c[k']*w[k']
//   v[k'] = s*w[k'] - c[k],  v[k] = s*w[k] - c[k']
//
// of which all but the first product depends on the pixel alone (once for all outputs) or on the
// output alone. Two multiply-adds become one and two additions: on processors that add beside
// multiplying, two thirds of the channels in such pairs and one third single keep both kinds of
// units busy, and three multiply-adds take the time of two.
//
// The products are larger than those they replace, and so is their rounding, unless s*w is of the
// size of x, and x - c about 0 in the mean. Hence shifts and scale are taken from the input of each
// run: c[k] is the mean of channel k over some pixels spread evenly, s the power of two that brings
// w to the size of x there. They depend on the input's values and sizes alone, never on the
// threads. A pixel whose inputs are m times as large as those is rounded about m times as much.
//
// With P pairs, about a third of the channels, channel k < P goes with k + P and the others are
// single. Weights are packed per panel in the order of use (for_each_channel), then biases and the
// sums of w[k]*w[k'] of each output.
#pragma once

#include <cstdint>
#include "kernels/conv/pointwise.h"

namespace shrike::kernels {

inline constexpr int kMaxSampledPixels = 32;

// Pairs of so many channels: no more than single ones.
constexpr int64_t pair_count(int64_t depth) { return depth / 3; }

// Turns of a pair and a single channel, and what is left: a pair (-1), so many single channels, or
// nothing.
struct PairTurns {  // inline always: files of several instruction sets use it
  [[gnu::always_inline]] constexpr PairTurns(int64_t depth, int64_t pairs)
      : rest(depth - 3 * pairs), count(rest < 0 ? pairs - 1 : pairs) {}

  int64_t rest, count;
};

// Calls visit(channel, partner) in the order in which weights are packed; partner is the channel
// whose input the weight is added to, or the channel itself where it is single. Requires
// 3 * pairs <= depth + 1.
template <typename Visit>
void for_each_channel(int64_t depth, int64_t pairs, const Visit& visit) {
  for (int64_t k = 0; k < pairs; ++k) {
    visit(k + pairs, k);
    visit(k, k + pairs);
    if (k + 2 * pairs < depth) visit(k + 2 * pairs, k + 2 * pairs);
  }
  for (int64_t k = 3 * pairs; k < depth; ++k) visit(k, k);
}

// What one run's input makes of the weights of C columns, some or all of a panel's:
//   scaled: v, or s*w of single channels;  scaled_bias[j] = bias[j] - s*products[j] + sum c[k]*w[k]
struct PairColumns {
  int64_t depth, pairs, count;  // count: C
  int64_t step;                 // from channel to channel, the panel's columns
  const float* weights;         // [depth][C] in the order of for_each_channel
  const float* bias;            // [C]
  const float* products;        // [C], sums of w[k]*w[k']
  const float* shift;           // [depth], by channel
  float scale;                  // s
  float* scaled;                // [depth][C]
  float* scaled_bias;           // [C]
};

// The parts of the algorithm beside its inner loop.
struct PairFunctions {
  int64_t lanes;  // of a vector, of which panels are made
  // shift[k] = mean of pixels[i][k], i < count. Returns the sum of all pixels[i][k]^2.
  double (*measure)(const float* const* pixels, int count, int64_t depth, float* shift);
  void (*scale)(const PairColumns&);  // whole vectors, four at most
  // start[p] = -sum over pairs of (x[k]-c[k]) * (x[k']-c[k']), for the pixels of a strip; writes a
  // multiple of four of them.
  void (*begin)(const PointwiseStrip&, const float* shift, float* start);
};

struct PointwisePairs {
  PointwiseKernel kernel;  // its strips start at strip.start[p] and multiply sums by strip.scale
  PairFunctions functions;
  int64_t (*pairs)(int64_t depth);  // of so many channels
  // From how many on sums with an activation behind them round more than pairs are worth.
  int64_t too_many_inputs = INT64_MAX;
  const char* (*refuse)(const ConvProblem&) = nullptr;  // besides; or null
  // With less single products are faster: by what begins and ends a sum, and what a pixel's
  // products cost.
  int64_t few_inputs = 24, few_weights = 1536;
};

#if SHRIKE_KERNELS_AVX2
extern const PointwisePairs kPointwisePairsAvx512, kWidePointwisePairsAvx512;
extern const PointwisePairs kTriplePointwisePairsAvx512, kQuadPointwisePairsAvx512;
#endif

// By which weights are brought to the size of what they are added to (ConvProblem::weight_square).
double mean_square(const float* weights, int64_t count);

const char* pointwise_pairs_refuse(const PointwisePairs& pairs, const ConvProblem& problem);
size_t pointwise_pairs_packed_bytes(const PointwisePairs& pairs, const ConvProblem& problem);
void pointwise_pairs_pack(const PointwisePairs& pairs, const ConvProblem& problem,
                          const float* weights, const float* bias, float* packed);
size_t pointwise_pairs_scratch_bytes(const PointwisePairs& pairs, const ConvProblem& problem,
                                     int threads);
void pointwise_pairs_run(const PointwisePairs& pairs, const ConvProblem& problem,
                         const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                         std::span<std::byte> scratch);

// A panel at a time, as pointwise_panel(): what depends on the input is prepared once for all of
// them. Requires a stride of 1.
size_t pointwise_pairs_shared_bytes(const PointwisePairs& pairs, const ConvProblem& problem);
void pointwise_pairs_prepare(const PointwisePairs& pairs, const ConvProblem& problem,
                             const PackedConv& packed, const ConstMapView& input, ThreadPool& pool,
                             std::byte* shared);
void pointwise_pairs_panel(const PointwisePairs& pairs, const ConvProblem& problem,
                           const ConstMapView& input, int64_t panel, int64_t first, int64_t last,
                           const MapView& output, const std::byte* shared);

}  // namespace shrike::kernels
