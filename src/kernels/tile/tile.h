// The inner loop that convolution, transposed convolution and matrix product share: a tile of
// `rows` x `columns` sums (pixels x output channels), held in registers while k runs.
//
//   sums[r][j] = bias[j] + sum over s < runs, k < run_length of
//                pointers[s * row_count + r][k] * weights[s * run_length + k][j]
//
// k is added in order, each product by one fused multiply-add where the machine has it, whatever
// row_count is: a sum does not depend on the tile it was computed in.
//
// `product` is the same loop for rows at equal distances, any number of them, without a bias. It
// adds kProductBlock products at a time, and then the sums of these, which rounds less than one
// long sum does: a Winograd convolution's cancel one another.
//
// A TileKernel is one instruction set's form of it. Driver code works with any.
#pragma once

#include <cstdint>

#include "kernels/activation/activation.h"

namespace shrike::kernels {

struct TileSums {
  const float* const* pointers;
  int64_t runs;
  int64_t run_length;
  const float* weights;  // [runs * run_length][columns], aligned to 64 bytes
  const float* bias;     // [columns]
  float* sums;           // [row_count][columns], aligned to 64 bytes
  int64_t count;         // columns wanted, the first ones; the others may be left undefined
};

//   sums[i][j] = sum over k < depth of rows[i * row_stride + k] * weights[k][j], i < count
struct TileProduct {
  const float* rows;
  int64_t row_stride;
  int64_t count;  // at least 1
  int64_t depth;
  const float* weights;  // [depth][columns], aligned to 64 bytes
  float* sums;           // [count][columns], aligned to 64 bytes
  int64_t columns;       // wanted, as TileSums::count
};

// What happens to finished sums, columns 0 .. count-1 of each row:
//   out[r][column + j] = act(sums[r][j]), with the residual where `order` says
struct TileFinish {
  const float* sums;
  int row_count;                 // any number
  int64_t column;                // where the tile's first column lies behind the row pointers
  int64_t count;                 // 1 .. columns
  float* const* outputs;         // [row_count]
  const float* const* residual;  // [row_count]; unread for Residual::kNone
  Activation activation;
  Residual order;
};

using TileSumsFunction = void (*)(const TileSums&);
using TileProductFunction = void (*)(const TileProduct&);
using TileFinishFunction = void (*)(const TileFinish&);
using TileWholeFunction = void (*)(const TileSums&, const TileFinish&);

inline constexpr int64_t kProductBlock = 8;

inline constexpr int kMaxTileRows = 8;
inline constexpr int kMaxTileColumns = 32;

struct TileKernel {
  int rows;
  int columns;
  TileSumsFunction sums[kMaxTileRows + 1];  // by row_count, 1 .. rows
  TileProductFunction product;
  TileFinishFunction (*finish)(ActivationKind);
  // The sums of `rows` rows and `count` columns finished in registers, to the same bits, without a
  // residual and without touching the sums' memory; null where that is not faster or not there.
  TileWholeFunction (*whole)(ActivationKind, int64_t count) = nullptr;
};

extern const TileKernel kTilePlain;  // any processor
#if SHRIKE_KERNELS_AVX2
extern const TileKernel kTileAvx2;  // 6 x 16: 12 of 16 registers hold sums
// 8 x 32: sums in 16 of 32 registers, twice what hides the latency of two multiply-adds a cycle.
extern const TileKernel kTileAvx512;
#endif

}  // namespace shrike::kernels
