// Convolution in fp32 by products of bfloat16 in tiles (Intel's AMX). A number of fp32 is the sum
// of three of bfloat16, each of which rounds what the ones before it leave: x = h + m + l, exactly
// but for what is below 2^-126, as 3 * 8 bits are the mantissa's 24. Of the nine products of two
// such sums the six largest are added in fp32,
//   hh' + hm' + mh' + mm' + hl' + lh'
// the others being together 2^-24 of the product at most, what fp32 rounds it by, and far less
// mostly. So this is no lower precision, as avx512_bfloat16 is; it is what Intel's oneMKL calls
// float_to_bf16x3 (Henry, Tang, Heinecke, "Leveraging the bfloat16 Artificial Intelligence Datatype
// For Higher-Precision Computations", 2019). A tile multiplies 16 times as fast as AVX-512 does, so
// six products take three eighths of the time of one there. What is infinite, or would round to it
// (3.39e38), becomes NaN.
//
// Where the problem allows it (ConvProblem::precision), numbers are rounded to one part, as
// bfloat16.h has it, and a product is one.
//
// A unit of work is some rows of output. The rows of input that it reads are split into planes in
// scratch, zeros where they are padded:
//   [part][step of 32 channels][position][32], in the order of split_place()
// Row r of them lies behind the others with the same r % stride_h, and rows have a pitch that is
// stride_w times one of outputs: then the pixels of all rows, counted on over the pitch, read a tap
// at equal distances, and 16 of them are the rows of a tile, whatever the map's width is; what is
// computed between the end of a row and its pitch is thrown away. Weights are packed
//   [block of 32 outputs][tap][step][part][16 outputs of the block][16 pairs of channels][16]
// each pair in the order of split_place(), too; then the biases.
//
// Where each output is made of the pixel at its place alone (split_pointwise.h), sums of some
// pixels and a group of outputs stay in tiles until they are done, or half of the channels is. Each
// step of 32 channels is split right before it is multiplied, into planes that do not leave the
// first cache level: of two steps in turn, for each group anew, or of all steps where these are
// few, once for all groups. Weights are packed by groups, not by blocks of 32 outputs.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/tile/tile.h"

namespace shrike::kernels {

inline constexpr int kSplitParts = 3;         // at most
inline constexpr int64_t kSplitDepth = 32;    // channels of a step
inline constexpr int64_t kSplitTile = 16;     // pixels, or outputs, of a tile
inline constexpr int64_t kSplitColumns = 32;  // outputs of a block
inline constexpr int64_t kSplitRows = 32;     // pixels of a block
inline constexpr int64_t kSplitTileNumbers = kSplitTile * kSplitDepth;
inline constexpr int64_t kSplitGroupTiles = 6;  // of outputs, at most

// Tiles of pixels whose sums of so many tiles of outputs are computed together.
inline constexpr int split_pixel_tiles(int output_tiles) {
  return output_tiles == 1 ? 4 : output_tiles <= 3 ? 2 : 1;
}
// From part to part of the planes of one step, for so many. Odd in lines of a cache, so that they
// lie in different sets.
inline constexpr int64_t split_run_part_stride(int pixel_tiles) {
  return (pixel_tiles * kSplitTile + 1) * kSplitDepth;
}

// Where channel k of a step lies among its numbers: each of the first 16 beside the one 16 further
// on, whose vectors are put together by a shift.
inline constexpr int64_t split_place(int64_t k) {
  return k % (kSplitDepth / 2) * 2 + k / (kSplitDepth / 2);
}

// Pixels to be split. Channels behind the last become zeros.
struct SplitPixels {
  const float* source;
  int64_t pixel_stride;  // floats
  int64_t pixels, channels;
  uint16_t* target;                  // of the first pixel's first part and step
  int64_t part_stride, step_stride;  // numbers
};

// A block of 16 or 32 pixels and 16 or 32 outputs:
//   sums[i][j] = bias[j] + sum over taps, steps and 32 channels of what is said above
struct SplitProducts {
  const uint16_t* inputs;  // of the first pixel at offset 0
  int64_t pixel_stride;    // numbers
  int64_t part_stride, step_stride;
  const int64_t* taps;  // [tap_count], numbers behind `inputs`
  int64_t tap_count, steps;
  const uint16_t* weights;
  int64_t weight_tiles;  // from part to part of them
  const float* bias;     // [32]
  float* sums;           // [32][32], aligned to 64 bytes
  int pixel_tiles, output_tiles;
  // Called in each step of each tap: what needs no tiles runs beside their products.
  void (*beside)(void* context);
  void* context;
};

// Pixels at equal distances that are to be split, at most those of the tiles.
struct SplitRun {
  const float* pixels = nullptr;
  int64_t count = 0;
};

// Sums of a run of pixels and a group of outputs, of one tap, as SplitProducts has them. The first
// step of the run lies in `planes`. Each other one is split beside the products of the one before
// it, as far as `run` has pixels: where it has none, all have been. The first step of the run that
// comes next is split beside the last one's.
struct SplitGroupProducts {
  SplitRun run, next;
  int64_t pixel_stride = 0;  // floats
  int64_t channels = 0;
  uint16_t *planes = nullptr, *next_planes = nullptr;
  int64_t part_stride = 0, step_stride = 0;  // numbers
  bool in_turn = false;  // steps lie in two planes in turn, from the first to the second and back
  const uint16_t* weights = nullptr;
  int64_t weight_tiles = 0;     // from part to part of them
  const float* bias = nullptr;  // [outputs]
  float* sums = nullptr;        // [outputs / 32, rounded up][pixels][32], aligned to 64 bytes
  // Channels, whole steps and not all, whose sums are made apart, in half_sums, with the bias;
  // those of the others are added to them in the end. 0: none.
  int64_t half = 0;
  float* half_sums = nullptr;  // as sums
  int pixel_tiles = 0;         // 1, 2 or 4, at most split_pixel_tiles()
  int output_tiles = 0;        // 1 .. kSplitGroupTiles
  // As in SplitProducts.
  void (*beside)(void* context) = nullptr;
  void* context = nullptr;
};

struct SplitKernel {
  int parts;               // kSplitParts, or 1
  const TileKernel* tile;  // which finishes the sums, of kSplitColumns columns
  void (*split)(const SplitPixels&);
  // Between these a thread may call products() and group_products().
  void (*begin)();
  void (*products)(const SplitProducts&);
  void (*group_products)(const SplitGroupProducts&);
  void (*end)();
};

#if SHRIKE_KERNELS_AVX2
extern const SplitKernel kSplitAmx, kBfloat16Amx;
#endif

// Refuses, with problem.by_estimate, what single products are estimated to do faster.
const char* split_refuse(const SplitKernel& kernel, const ConvProblem& problem);
// As winograd_cost().
double split_cost(const SplitKernel& kernel, const ConvProblem& problem);
size_t split_packed_bytes(const SplitKernel& kernel, const ConvProblem& problem);
void split_pack(const SplitKernel& kernel, const ConvProblem& problem, const float* weights,
                const float* bias, float* packed);
size_t split_scratch_bytes(const SplitKernel& kernel, const ConvProblem& problem, int threads);
void split_run(const SplitKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
               const ConvMaps& maps, ThreadPool& pool, std::span<std::byte> scratch);

// Panels for conv_panels.h of convolutions pixel by pixel, without a residual.
// `shared`: planes of the whole input, where they are made for all panels.
int64_t split_panel_columns(const SplitKernel& kernel, const ConvProblem& problem);
size_t split_shared_bytes(const SplitKernel& kernel, const ConvProblem& problem);
void split_prepare(const SplitKernel& kernel, const ConvProblem& problem, const ConstMapView& input,
                   ThreadPool& pool, std::byte* shared);
void split_panel(const SplitKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
                 const ConstMapView& input, int64_t panel, int64_t first, int64_t last,
                 const MapView& output, const std::byte* shared);

}  // namespace shrike::kernels
