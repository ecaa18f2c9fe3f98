// The first convolution of a network at stride 1, 3x3 on the three channels of a picture, by F(4,
// 3) along rows (winograd/toom_cook.h) with products in pairs (winograd/pairs.h): of 4 pixels and
// an output 54 multiply-adds instead of 108, and of these 36 with 36 additions. In the other
// direction sums are direct: three channels are too few for what a tile of 4 x 4 costs beside its
// products.
//
// Eight rows of output are computed together, from ten of the picture, whose channels are taken
// apart into columns 4 t + i, i < 4, so that a row's tiles lie in a row, and transformed. Channels
// 0 and 1 of a pixel are a pair, 2 is single. Weights are packed
//   [panel of `columns` outputs][point][row of the window][w1, w0, w2][columns]
// times f, then the biases, the sums of w0 * w1 as [panel][point][columns], and f.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/conv/picture.h"

namespace shrike::kernels {

inline constexpr int64_t kStemPoints = 6, kStemTile = 4;  // of F(4, 3)

// One row of the picture, taken apart, zeros where it has no column:
//   columns[(4 c + i) * stride + t] = row[(4 t + i - pad) * pixel + c * channel], c < 3, t < stride
// for planes (pixel 1) and pixels without gaps (pixel 3, channel 1).
struct StemColumns {
  const float* row;
  int64_t pixel, channel;
  int64_t width, pad;
  float* columns;  // aligned to a vector
  int64_t stride;  // of whole vectors
};

// The points of its tiles t < tiles, in whole vectors:
//   values[(3 p + c) * stride + t] = scale * (B^T d)[p],
//   d(i) = columns[(4 c + i % 4) * stride + t + i / 4]
//   products[p * stride + t] = values[3 p * stride + t] * values[(3 p + 1) * stride + t]
struct StemPicture {
  const float* columns;
  int64_t stride;  // behind all tiles there is a vector more
  int64_t tiles;
  float scale;
  float *values, *products;
};

// One row and panel of the output, of pixels x < count:
//   output[x * output_step + j] = act(bias[j] + scale * (A^T m)[x % 4]),
//   m[p] = sum over three rows and three channels at the point p of the tile x / 4
struct StemTiles {
  const float* values[3];  // of the three rows that a window reads, aligned to a vector
  const float* start;      // [p * stride + t]: minus the sum of the three rows' products
  int64_t stride, count;
  const float* weights;   // as packed, aligned to a vector
  const float* products;  // [p][columns]
  const float* bias;
  float scale;
  float* output;
  int64_t output_step, columns;
  Activation activation;
  // Pooled rows alone: the largest of sums of pixels 2 x and 2 x + 1 in held[x * columns + j],
  // which the first of two rows leaves and the second compares with its own; x < count / 2 are
  // output.
  float* held;
  bool second;
};

using StemTilesFunction = void (*)(const StemTiles&);

struct StemWinograd {
  int64_t columns;  // of a panel
  int64_t pixels;   // the fewest of a row
  // The sum of their squares; count is a multiple of 64.
  double (*squares)(const float* values, int64_t count);
  void (*take_apart)(const StemColumns&);
  void (*transform)(const StemPicture&);
  // start[i] = -(a[i] + b[i] + c[i]), i < count, in whole vectors
  void (*begin)(const float* a, const float* b, const float* c, int64_t count, float* start);
  StemTilesFunction (*function)(ActivationKind);  // null for those that it has no form of
  StemTilesFunction (*pooled)(ActivationKind);    // likewise, of conv_pool.h
};

#if SHRIKE_KERNELS_AVX2
extern const StemWinograd kStemWinogradAvx512;
#endif

// Of a sum, see ConvKernel::rounding. Along one of two directions it is the root of 7.1, what it is
// along both (winograd/algorithms.h); then what pairs add to a long sum.
inline constexpr double kStemWinogradRounding = 2.67 * 1.7;

const char* stem_winograd_refuse(const StemWinograd& stem, const ConvProblem& problem);
size_t stem_winograd_packed_bytes(const StemWinograd& stem, const ConvProblem& problem);
void stem_winograd_pack(const StemWinograd& stem, const ConvProblem& problem, const float* weights,
                        const float* bias, float* packed);
size_t stem_winograd_scratch_bytes(const ConvProblem& problem, int threads);
void stem_winograd_run(const StemWinograd& stem, const ConvProblem& problem,
                       const PackedConv& packed, const Picture& input, const MapView& output,
                       ThreadPool& pool, std::span<std::byte> scratch, bool pooled = false);

}  // namespace shrike::kernels
