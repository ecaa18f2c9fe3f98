// Winograd convolution F(4x4, 3x3) in integers, exact: 36 products a channel and tile of 4 x 4
// outputs instead of 144, of int16s with sums in int32.
//
//   out tile = A^T [ (G g G^T) . (B^T d B) ] A, summed over the input channels, where
//
//        6  0  0          4  0 -5  0  1  0
//       -1 -1 -1          0 -4 -4  1  1  0          1  4  4  1  1  0     24
//   G = -1  1 -1    B^T = 0  4 -4 -1  1  0    A^T = 0  2 -2  1 -1  0  of 12 times the outputs
//        1  2  4          0 -2 -1  2  1  0          0  1  1  1  1  0      6
//        1 -2  4          0  2 -1 -2  1  0          0  1 -1  2 -2  1      6
//        0  0  6          0  4  0 -5  0  1
//
// G has been multiplied by what makes it whole (the points are 0, +-1, +-2). Inputs d are taken as
// byte - 128: |B^T d B| <= 100 * 128 and |G g G^T| <= 49 * 128 are int16s. The sums may wrap, as
// what they stand for, the result times 9 * 2^k with k <= 6, is multiplied by the inverse of 9
// modulo 2^32 and shifted right by k: exact where the result is below 2^25 in size, which it is up
// to 227 input channels: 227 * 9 * 128 * 128 < 2^25.
//
// The output is taken in blocks of tiles, as in winograd/winograd.h. Weights are packed
//   [panel of columns outputs][point][pair of input channels][column][2]
#pragma once

#include "kernels/qconv/qconv.h"
#include "kernels/qconv/tile.h"

namespace shrike::kernels {

inline constexpr int kWinogradIn = 6, kWinogradOut = 4;
inline constexpr int kWinogradPoints = kWinogradIn * kWinogradIn;
inline constexpr int kWinogradOutputs = kWinogradOut * kWinogradOut;

// target[point * point_stride + c] = (B^T d B)[point] of d(i, j) = source[i * row + j * pixel + c]
// - 128, c < channels, a multiple of 16. May write up to a multiple of 32.
struct QWinogradInput {
  const uint8_t* source;
  int64_t row, pixel;  // strides
  int64_t channels;
  int16_t* target;
  int64_t point_stride;
};

// sums[i][j] = sum over k < depth of values[i * value_stride + k] * weights[k / 2][j][k % 2]
struct QWinogradProduct {
  const int16_t* values;
  int64_t value_stride;
  int64_t count;             // of rows, at least 1
  int64_t depth;             // even
  const std::byte* weights;  // aligned to 64 bytes
  int32_t* sums;             // [count][columns], aligned to 64 bytes
  int64_t columns;           // wanted, the first ones
};

// Of each tile the products of all points, transformed back and turned into outputs.
struct QWinogradOutput {
  const int32_t* products;  // [point][tile][columns]
  int64_t point_stride;
  int64_t tiles;
  QTile outputs;  // its sums apart; rows [tile][output]
};

struct QWinogradKernel {
  int columns;
  double direct_cost;  // of a product in a direct convolution, that of one here being 1
  void (*input)(const QWinogradInput&);
  void (*product)(const QWinogradProduct&);
  void (*(*output)(RuleKind kind, bool add, int64_t count))(const QWinogradOutput&);
};

#if SHRIKE_KERNELS_AVX2
extern const QWinogradKernel kQWinogradAvx2;
extern const QWinogradKernel kQWinogradAvxVnni;
extern const QWinogradKernel kQWinogradAvx512;
extern const QWinogradKernel kQWinogradAvx512Vnni;
#endif

// Refuses what it cannot compute exactly, what would exceed problem.max_packed_bytes, and what a
// direct convolution is estimated to do faster.
const char* qwinograd_refuse(const QWinogradKernel& kernel, const QConvProblem& problem);
void qwinograd_pack(const QWinogradKernel& kernel, const QConvProblem& problem,
                    const QConvWeights& weights, std::byte* packed);
size_t qwinograd_packed_bytes(const QWinogradKernel& kernel, const QConvProblem& problem);
double qwinograd_cost(const QWinogradKernel& kernel, const QConvProblem& problem);
size_t qwinograd_scratch_bytes(const QWinogradKernel& kernel, const QConvProblem& problem,
                               int threads);
void qwinograd_run(const QWinogradKernel& kernel, const QConvProblem& problem,
                   const PackedConv& packed, const QConvMaps& maps, ThreadPool& pool,
                   std::span<std::byte> scratch);

}  // namespace shrike::kernels
