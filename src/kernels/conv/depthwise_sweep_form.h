// The sweep on the vectors of one instruction set: included by its file behind
// activation/vector_avx2.h or its like.
#pragma once

#include "kernels/conv/depthwise_sweep.h"

namespace shrike::kernels {
namespace {

template <typename Act>
class SweepFinish {
 public:
  explicit SweepFinish(const DepthwiseSweep& sweep) : sweep_(sweep), act_(sweep.activation) {}

  // Of output row y, at x.
  template <bool kWhole>
  [[gnu::always_inline]] void store_sum(Vec sum, int y, int64_t x) const {
    float* output = sweep_.output + y * sweep_.output_row + x * sweep_.output_step;
    Vec residual = splat(0.0f);
    if (sweep_.order != Residual::kNone)
      residual = load_some(sweep_.residual + y * sweep_.residual_row + x * sweep_.residual_step,
                           sweep_.channels);
    if (sweep_.order == Residual::kBeforeActivation) sum = sum + residual;
    sum = act_(sum);
    if (sweep_.order == Residual::kAfterActivation) sum = sum + residual;
    if (kWhole) {
      store(output, sum);
    } else {
      store_some(output, sum, sweep_.channels);
    }
  }

 private:
  const DepthwiseSweep& sweep_;
  const Act act_;
};

// Output x is begun at step t = x, which brings columns t*kStride .. t*kStride + kStride-1 from the
// left end of the padding, and ends at step x + kLater: sums[y][j] is that of x = t - j.
template <int kRows, int kTaps, int kStride, bool kWhole, typename Act>
void sweep_columns(const DepthwiseSweep& given) {
  const DepthwiseSweep sweep = given;  // which no store touches
  constexpr int kInputRows = (kRows - 1) * kStride + kTaps;
  static_assert(kInputRows <= kSweepMaxInputRows);
  constexpr int kLater = (kTaps - 1) / kStride;
  const SweepFinish<Act> finish(sweep);
  const Vec bias = load_aligned(sweep.weights);
  Vec weights[kTaps][kTaps];
#pragma GCC unroll 5
  for (int i = 0; i < kTaps; ++i)
#pragma GCC unroll 5
    for (int l = 0; l < kTaps; ++l)
      weights[i][l] = load_aligned(sweep.weights + (1 + i * kTaps + l) * kLanes);
  const float* row[kInputRows];
#pragma GCC unroll 9
  for (int i = 0; i < kInputRows; ++i) row[i] = sweep.rows[i];
  Vec sums[kRows][kLater + 1];
#pragma GCC unroll 4
  for (int y = 0; y < kRows; ++y)
#pragma GCC unroll 5
    for (int j = 0; j <= kLater; ++j) sums[y][j] = splat(0.0f);

  int64_t column = -sweep.pad;
  for (int64_t t = 0; t < sweep.out_width + kLater; ++t) {
#pragma GCC unroll 2
    for (int phase = 0; phase < kStride; ++phase, ++column) {
      if (column < 0 || column >= sweep.width) continue;
#pragma GCC unroll 9
      for (int i = 0; i < kInputRows; ++i) {
        const Vec x = kWhole ? load(row[i]) : load_some(row[i], sweep.channels);
        row[i] += sweep.steps[i];
#pragma GCC unroll 4
        for (int y = 0; y < kRows; ++y) {
          const int tap = i - y * kStride;
          if (tap < 0 || tap >= kTaps) continue;
#pragma GCC unroll 5
          for (int j = 0; phase + kStride * j < kTaps; ++j)
            sums[y][j] = fma(x, weights[tap][phase + kStride * j], sums[y][j]);
        }
      }
    }
#pragma GCC unroll 4
    for (int y = 0; y < kRows; ++y) {
      // The bias comes last, for the reason given in tile_avx2.cpp.
      if (t >= kLater && y < sweep.row_count)
        finish.template store_sum<kWhole>(sums[y][kLater] + bias, y, t - kLater);
#pragma GCC unroll 5
      for (int j = kLater; j > 0; --j) sums[y][j] = sums[y][j - 1];
      sums[y][0] = splat(0.0f);
    }
  }
}

// Four rows of three taps, where their sums and the weights fit in registers, divide what a column
// costs beside its products.
constexpr bool kFourRows = kLanes == 16;
int sweep_rows(int64_t taps, int64_t left) { return kFourRows && taps == 3 && left > 2 ? 4 : 2; }

template <bool kWhole, typename Act>
DepthwiseSweepFunction sweep_of(int64_t taps, int64_t stride, int rows) {
  if constexpr (kFourRows) {
    if (rows == 4 && taps == 3 && stride == 1) return sweep_columns<4, 3, 1, kWhole, Act>;
    if (rows == 4 && taps == 3 && stride == 2) return sweep_columns<4, 3, 2, kWhole, Act>;
  }
  if (taps == 3 && stride == 1) return sweep_columns<2, 3, 1, kWhole, Act>;
  if (taps == 3 && stride == 2) return sweep_columns<2, 3, 2, kWhole, Act>;
  if (taps == 5 && stride == 1) return sweep_columns<2, 5, 1, kWhole, Act>;
  if (taps == 5 && stride == 2) return sweep_columns<2, 5, 2, kWhole, Act>;
  return nullptr;
}

template <typename Act>
DepthwiseSweepFunction sweep_with(int64_t taps, int64_t stride, bool whole, int rows) {
  return whole ? sweep_of<true, Act>(taps, stride, rows) : sweep_of<false, Act>(taps, stride, rows);
}

// Those that follow depthwise layers in the networks that are known: each is as much code again.
DepthwiseSweepFunction sweep_function(int64_t taps, int64_t stride, ActivationKind kind, bool whole,
                                      int rows) {
  switch (kind) {
    case ActivationKind::kNone:
      return sweep_with<VecNone>(taps, stride, whole, rows);
    case ActivationKind::kRelu:
      return sweep_with<VecRelu>(taps, stride, whole, rows);
    case ActivationKind::kLeakyRelu:
      return sweep_with<VecLeakyRelu>(taps, stride, whole, rows);
    case ActivationKind::kClip:
      return sweep_with<VecClip>(taps, stride, whole, rows);
    case ActivationKind::kSilu:
      return sweep_with<VecSilu>(taps, stride, whole, rows);
    case ActivationKind::kHardSwish:
      return sweep_with<VecHardSwish>(taps, stride, whole, rows);
    default:
      return nullptr;
  }
}

}  // namespace
}  // namespace shrike::kernels
