// The first convolution of YOLOv5 and YOLOX: 6x6 with stride 2 on the three channels of a picture,
// by F(4x4, 3x3) (winograd/winograd.h).
//
// Taps 2 i + p of a row and of a column read the same phase p of the picture: four of its pixels,
// 2 x 2, are one pixel of 12 channels (Focus, focus_rows.h), counted from the first window's first
// pixel, and the convolution is 3x3 with stride 1 on these. No map of them is made: a chunk of a
// row of tiles is computed from its six rows of pixels, in the first cache levels.
//
// Points are made and multiplied a row of them at a time, so that what is needed at once is little:
// B^T d of all pixels first, in their place, then for each of six rows of points (B^T d) B, their
// products with each panel of outputs, and these times A; at last A^T of that. Weights are packed
//   [panel][point][channel][kFocusColumns]
// then the biases as [panel][kFocusColumns].
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/conv/focus_rows.h"
#include "kernels/conv/side_by_side.h"
#include "kernels/winograd/algorithms.h"

namespace shrike::kernels {

inline constexpr int64_t kFocusPoints = 6, kFocusTile = 4;
inline constexpr int64_t kFocusColumns = 16;  // of a panel
inline constexpr int64_t kFocusValues = 16;   // floats stored of a point's channels

// Products of a row of points times A, of tiles t < count:
//   output[(4 t + x) * C + j] = sum over j' < 6 of A[j'][x] *
//       sum over c < 12 of values[(j' * count + t) * kFocusValues + c] * weights(j', c, j)
// C being kFocusColumns, weights(j', c, j) = weights[j' * 12 * C + beside.place(c, j, C)], with the
// kernel's `beside`. Two sums of six products are added.
struct FocusProducts {
  const float* values;
  int64_t count;
  const float* weights;
  float* sums;  // scratch: [6][count][C]
  float* output;
};

// Outputs from what FocusProducts gave for each row of points i:
//   output[y * row_step + x * pixel_step + j] =
//       act(bias[j] + sum over i < 6 of A[i][y] * products[i * stride + x * C + j])
// of rows y < down, at most four, pixels x < across and j < columns.
struct FocusOutputs {
  const float* products;
  int64_t stride;
  const float* bias;
  float* output;
  int64_t row_step, pixel_step;
  int64_t down, across, columns;
  Activation activation;
};
using FocusFinishFunction = void (*)(const FocusOutputs&);

struct FocusKernel {
  int64_t tiles;      // that are multiplied at once, at most
  int64_t groups;     // of these, in a chunk
  SideBySide beside;  // of channels, in its weights
  FocusBlocks blocks;
  // rows[i * stride + f] = (B^T d)[i], d[k] = rows[k * stride + f], f < floats in whole vectors
  void (*columns)(float* rows, int64_t stride, int64_t floats);
  // values[(j * count + t) * kFocusValues + c] = (B^T d)[j], d[k] = row[(4 t + k) * 12 + c]; reads
  // and leaves what it likes in place of channels behind the 12.
  void (*points)(const float* row, int64_t count, float* values);
  void (*multiply)(const FocusProducts&);
  FocusFinishFunction (*finish)(ActivationKind);
};

extern const FocusKernel kFocusPlain;
#if SHRIKE_KERNELS_AVX2
extern const FocusKernel kFocusAvx2, kFocusAvx512;
#endif

// Of a sum, as ConvKernel::rounding has it: four channels come of one of the picture.
inline constexpr double kFocusRounding = kToomCook4.rounding / 2;

const char* focus_refuse(const ConvProblem& problem);
double focus_cost(const ConvProblem& problem);
size_t focus_packed_bytes(const ConvProblem& problem);
void focus_pack(const FocusKernel& kernel, const ConvProblem& problem, const float* weights,
                const float* bias, float* packed);
size_t focus_scratch_bytes(const FocusKernel& kernel, const ConvProblem& problem, int threads);
void focus_run(const FocusKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
               const Picture& input, const MapView& output, ThreadPool& pool,
               std::span<std::byte> scratch);

}  // namespace shrike::kernels
