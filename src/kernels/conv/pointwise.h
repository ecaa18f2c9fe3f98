// Convolution with a kernel of one tap: pixels x channels times channels x outputs.
//
// What igemm.h does with pointers to rows needs none here, as a run of pixels lies at equal
// distances; and sums are finished in registers. Weights are packed
//   [panel of wide.columns outputs][channel][wide.columns], [narrow panel][channel][narrow.columns]
// (as a panel has channels side by side), then the biases in the same order; the
// narrow panel is the last one where it is enough for the rest. A block of pixels meets all panels
// before the next block is touched.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/conv/side_by_side.h"
#include "kernels/tile/tile.h"

namespace shrike::kernels {

// Pixels p < count and columns j < columns of one panel, C being the panel's:
//   s[p][j] = bias[j] + sum over k < depth of input[p*input_step + k] * weights[k*C + j]
//   output[p*output_step + j] = act(s), with the residual where `order` says
// k is added in order, or even and odd channels each where a panel has them side by side, by fused
// multiply-adds, whatever `count` is.
struct PointwiseStrip {
  const float* input;
  int64_t input_step;
  int64_t count, depth;
  const float* weights;  // [depth][C], aligned to a vector
  const float* bias;     // [C]
  float* output;
  int64_t output_step;
  const float* residual;  // as output; unread for Residual::kNone
  int64_t residual_step;
  int64_t columns;     // 1 .. C
  int64_t panels = 1;  // so many, one behind the other; see takes_many
  Activation activation;
  Residual order;
  int64_t pairs = 0;             // of channels; see pointwise_pairs.h
  const float* start = nullptr;  // [count] and a factor, see there
  float scale = 1;
  const std::byte* ahead = nullptr;  // what is asked for, in bytes, or null; see ask_ahead()
  int64_t ahead_step = 0, ahead_panel = 0;
};

using PointwiseFunction = void (*)(const PointwiseStrip&);

struct PointwisePanel {
  int64_t columns;
  PointwiseFunction (*function)(ActivationKind);
  SideBySide beside = {};  // of channels
  // Whether strips of whole tiles may have several panels, all columns of which are there; null:
  // no.
  bool (*takes_many)(ActivationKind, Residual) = nullptr;
};

struct PointwiseKernel {
  int64_t rows;  // pixels that are computed at once
  PointwisePanel wide;
  const PointwisePanel* narrow;  // or null
};

#if SHRIKE_KERNELS_AVX2
extern const PointwisePanel kPointwiseNarrowAvx2;
extern const PointwiseKernel kPointwiseAvx2;
extern const PointwiseKernel kPointwiseAvx512, kHalvedPointwiseAvx512, kWholePointwiseAvx512;
extern const PointwiseKernel kWidePointwiseAvx512, kTriplePointwiseAvx512;
#endif

// Whether outputs fill panels of so many, the last of which may be narrower by a vector.
constexpr bool fills_panels(int64_t outputs, int64_t columns, int64_t lanes) {
  const int64_t rest = outputs % columns;
  return rest == 0 || rest == columns - lanes;
}
inline constexpr const char* kUnfilled = "outputs do not fill its panels";
// For panels of three vectors, beside those of two.
const char* refuse_three_vectors(const ConvProblem& problem, int64_t lanes);

const char* pointwise_refuse(const ConvProblem& problem);
const char* triple_pointwise_refuse(const PointwiseKernel& kernel, const ConvProblem& problem);
const char* wide_pointwise_refuse(const PointwiseKernel& kernel, const ConvProblem& problem);
size_t pointwise_packed_bytes(const PointwiseKernel& kernel, const ConvProblem& problem);
void pointwise_pack(const PointwiseKernel& kernel, const ConvProblem& problem, const float* weights,
                    const float* bias, float* packed);
void pointwise_run(const PointwiseKernel& kernel, const ConvProblem& problem,
                   const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool);
// One panel's outputs of rows [first, last), as the first channels of `output`, a map of these
// rows, by the caller alone. Requires a stride of 1.
void pointwise_panel(const PointwiseKernel& kernel, const ConvProblem& problem,
                     const PackedConv& packed, const ConstMapView& input, int64_t panel,
                     int64_t first, int64_t last, const MapView& output);

}  // namespace shrike::kernels
