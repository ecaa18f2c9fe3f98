// The first convolution of a network: 3x3 on the three channels of a picture, with stride 1 or 2.
//
// What igemm.h does in runs of 9 floats is one piece of code here, 27 taps without a loop. Planes,
// and maps of three channels without gaps, are read as they lie: only windows that leave the
// picture are copied first, with zeros where it has nothing, and all windows of other pictures.
// Weights are packed
//   [panel of `columns` outputs][row of the window][column][channel][columns]
// then the biases. Sums are added up in that order, as igemm.h does, to the same bits.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/conv/picture.h"

namespace shrike::kernels {

inline constexpr int64_t kStemChannels = 3, kStemTaps = 27;

// Pixels p < count and columns j < columns of one row and panel, C being the panel's:
//   s[p][j] = bias[j] + sum over i, l, c < 3 with 0 <= x = p * stride - pad + l < width of
//             rows[i][c][x * pixel] * weights[((i * 3 + l) * 3 + c) * C + j]
//   output[p * output_step + j] = act(s)
struct StemRow {
  const float* rows[3][3];  // null for rows that are not there
  // Of as many rows behind them as stride says, what the next row of output needs: asked for
  // meanwhile, as it comes from beyond the caches. Null for none.
  const float* ahead[2][3];
  int64_t pixel;         // floats from column to column
  int64_t width, pad;    // columns: of the picture, and before it in the first window
  int64_t count;         // at least StemKernel::pixels
  const float* weights;  // aligned to a vector
  const float* bias;
  float* output;
  int64_t output_step, columns;
  Activation activation;
};

using StemFunction = void (*)(const StemRow&);

struct StemKernel {
  int64_t pixels;   // that are computed at once
  int64_t columns;  // of a panel
  // Null for strides and activations that it has no form of.
  StemFunction (*function)(int64_t stride, ActivationKind);
};

#if SHRIKE_KERNELS_AVX2
extern const StemKernel kStemAvx2;
extern const StemKernel kStemAvx512;
#endif

const char* stem_refuse(const StemKernel& stem, const ConvProblem& problem);
size_t stem_packed_bytes(const StemKernel& stem, const ConvProblem& problem);
void stem_pack(const StemKernel& stem, const ConvProblem& problem, const float* weights,
               const float* bias, float* packed);
// pooled: with the pooling of conv_pool.h behind it; output is the smaller map then.
void stem_run(const StemKernel& stem, const ConvProblem& problem, const PackedConv& packed,
              const Picture& input, const MapView& output, ThreadPool& pool, bool pooled = false);

}  // namespace shrike::kernels
