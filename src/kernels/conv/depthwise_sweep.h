// Depthwise convolution with a square kernel of 3 or 5 taps: two or four output rows at a time, a
// vector of channels after the other. The rows' columns are swept from left to right; a column is
// loaded once for all the windows it lies in, whose sums are kept in registers until their last
// column, finished there and stored. Edges cost nothing: a column outside the map adds nothing, a
// row outside it is read from zeros.
//
// Weights are packed as in depthwise.h, blocks being one vector wide. A sum's products are added
// column by column, from top to bottom within each.
#pragma once

#include "base/tensor.h"
#include "kernels/conv/conv.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

inline constexpr int64_t kLineFloats = kTensorAlignment / sizeof(float);

// A row outside the map, to be read with a step of 0.
alignas(kTensorAlignment) inline constexpr float kNoRow[kLineFloats] = {};

inline bool is_depthwise(const ConvProblem& p) {
  return p.groups == p.in_channels && p.groups == p.out_channels;
}

// Floats from pixel to pixel that suit a map between a depthwise layer and another: those of its
// channels, and a cache line more where they are pairs of these. A sweep passes by one line of each
// pixel of some rows, for each line of a pixel. At an even distance these lines share a half, a
// quarter or less of the first cache level's sets, and fall out before the next row or the other
// half of them is asked for (docs/decisions/046-odd-pixels-and-halves.md).
inline int64_t odd_pixel_stride(int64_t channels) {
  return channels % (2 * kLineFloats) == 0 ? channels + kLineFloats : channels;
}

// Whether a depthwise layer is faster where its input and its output begin an odd number of cache
// lines apart. Intel's processors let a load wait for a store before it that is on its way to an
// address a multiple of 4 KB away. A sweep reads and writes the same vector of all pixels: where
// these are pairs of lines in both maps, it meets lines of one kind, even or odd, in each, and no
// load waits if they are not the same (docs/decisions/043-where-threads-write.md).
inline bool gains_by_odd_distance(const ConvProblem& p, int64_t input_pixel_stride,
                                  int64_t output_pixel_stride) {
  constexpr int64_t kPair = 2 * kLineFloats;
  return is_depthwise(p) && input_pixel_stride % kPair == 0 && output_pixel_stride % kPair == 0;
}

inline constexpr int kSweepMaxInputRows = 9;  // four output rows at stride 2, of 3 taps

// Output rows y < row_count and x < out_width of one block of channels j < channels:
//   s[y][x][j] = bias[j] + sum over i, l < taps with 0 <= column < width, column = x*stride+l-pad
//   of
//                rows[y*stride + i][column*steps[y*stride + i] + j] * weights[i*taps + l][j]
//   output[y*output_row + x*output_step + j] = act(s), with the residual where `order` says
struct DepthwiseSweep {
  const float* rows[kSweepMaxInputRows];  // those that a window of `row_count` rows needs, or zeros
  int64_t steps[kSweepMaxInputRows];      // floats from pixel to pixel, 0 for a row of zeros
  int64_t row_step;                       // floats from row to row, of those in the map
  int64_t width, pad;
  const float* weights;  // the bias before them; aligned to a vector
  float* output;
  int64_t output_step, output_row;
  int64_t out_width;
  int row_count;          // 1 .. rows
  const float* residual;  // unread for Residual::kNone
  int64_t residual_step, residual_row;
  int64_t channels;  // 1 .. lanes
  Activation activation;
  Residual order;
};

using DepthwiseSweepFunction = void (*)(const DepthwiseSweep&);

struct DepthwiseSweeper {
  int64_t lanes;  // channels of a block
  // Output rows that are computed at once, of those that are left.
  int (*rows)(int64_t taps, int64_t left);
  // For so many rows. Null for windows and activations that it has no form of. `whole`: for blocks
  // of all lanes.
  DepthwiseSweepFunction (*function)(int64_t taps, int64_t stride, ActivationKind, bool whole,
                                     int rows);
  // The same numbers, faster, of whole blocks, 3 x 3 taps, stride 1 and rows that all lie in the
  // map, with one column of padding at most on either side and without a residual. Of rows and
  // steps it reads the first alone, and row_step: the others may be another block's. Null where
  // function() is.
  DepthwiseSweepFunction (*inside)(ActivationKind, int rows);
};

#if SHRIKE_KERNELS_AVX2
extern const DepthwiseSweeper kDepthwiseSweepAvx2;
extern const DepthwiseSweeper kDepthwiseSweepAvx512;
#endif

// How the work is divided: bands of output rows. Each thread's are as many, where there are enough
// of them, so that it reads the rows that it has made of the layer before, whose pixels are divided
// as evenly; of fewer rows blocks of channels are divided as well.
class SweepUnits {
 public:
  struct Unit {
    int64_t first_row, last_row;
    int64_t first_block, last_block;
  };

  SweepUnits(int64_t rows, int64_t blocks, int threads);
  int64_t count() const { return shares_ * bands_ * parts_; }
  Unit unit(int64_t index) const;  // may have no rows

 private:
  int64_t rows_, blocks_;
  int64_t shares_;  // of the rows
  int64_t bands_;   // of each share
  int64_t parts_;   // of the blocks
};

// Calls compute(y, left, first_block, last_block) for rows from y on, of which it computes some and
// returns how many, until all are computed by all threads.
template <typename Compute>
void sweep_map(const ConvProblem& problem, int64_t lanes, ThreadPool& pool,
               const Compute& compute) {
  const SweepUnits units(problem.out_height, divide_up(problem.out_channels, lanes),
                         pool.threads());
  pool.parallel_for(units.count(), [&](int64_t index, int) {
    const SweepUnits::Unit unit = units.unit(index);
    for (int64_t y = unit.first_row; y < unit.last_row;)
      y += compute(y, unit.last_row - y, unit.first_block, unit.last_block);
  });
}

const char* depthwise_sweep_refuse(const DepthwiseSweeper& sweeper, const ConvProblem& problem);
void depthwise_sweep_run(const DepthwiseSweeper& sweeper, const ConvProblem& problem,
                         const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool);

}  // namespace shrike::kernels
