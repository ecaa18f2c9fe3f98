// The sweep on the vectors of one instruction set: included by its file behind
// activation/vector_avx2.h or its like.
#pragma once

#include "kernels/conv/depthwise_activations.h"
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

// Windows of 3 x 3 with stride 1 whose rows all lie in the map, kRows of whole vectors without a
// residual: what most of a map is. Rows at equal distances need few registers for their places, and
// sums stay in theirs, as three columns are a turn of the loop.
template <int kRows, typename Act>
class InnerSweep {
 public:
  explicit InnerSweep(const DepthwiseSweep& sweep)
      : act_(sweep.activation),
        bias_(load_aligned(sweep.weights) + splat(0.0f)),
        upper_(sweep.rows[0]),
        lower_(sweep.rows[0] + 3 * sweep.row_step),
        row_step_(sweep.row_step),
        step_(sweep.steps[0]),
        output_(sweep.output),
        output_row_(sweep.output_row),
        output_step_(sweep.output_step) {
    for (int i = 0; i < 3; ++i)
      for (int l = 0; l < 3; ++l)
        weights_[i][l] = load_aligned(sweep.weights + (1 + 3 * i + l) * kLanes);
    for (auto& sums : sums_)
      for (Vec& sum : sums) sum = splat(0.0f);
  }

  [[gnu::always_inline]] void run(int64_t width, int64_t pad, int64_t out_width) {
    int64_t left = width - 2 + pad;  // columns that end an output
    if (pad == 0) column<1, false>();
    column<2, false>();
    for (; left >= 3; left -= 3) column<0, true>(), column<1, true>(), column<2, true>();
    const bool more = out_width > width + pad - 2;  // a last output, which the padding ends
    if (left == 0) {
      if (more) finish<1>();
    } else if (left == 1) {
      column<0, true>();
      if (more) finish<2>();
    } else {
      column<0, true>(), column<1, true>();
      if (more) finish<0>();
    }
  }

 private:
  // Adds a column to the sums of three outputs, of which sums_[kFirst] begins with it and the one
  // behind ends.
  template <int kFirst, bool kEnds>
  [[gnu::always_inline]] void column() {
    constexpr int kSecond = (kFirst + 2) % 3, kThird = (kFirst + 1) % 3;
#pragma GCC unroll 6
    for (int i = 0; i < kRows + 2; ++i) {
      const Vec x = load(i < 3 ? upper_ + i * row_step_ : lower_ + (i - 3) * row_step_);
#pragma GCC unroll 4
      for (int y = 0; y < kRows; ++y) {
        const int tap = i - y;
        if (tap < 0 || tap >= 3) continue;
        sums_[kThird][y] = fma(x, weights_[tap][2], sums_[kThird][y]);
        sums_[kSecond][y] = fma(x, weights_[tap][1], sums_[kSecond][y]);
        sums_[kFirst][y] =
            tap == 0 ? x * weights_[0][0] : fma(x, weights_[tap][0], sums_[kFirst][y]);
      }
    }
    upper_ += step_, lower_ += step_;
    if constexpr (kEnds) finish<kThird>();
  }
  template <int kThird>
  [[gnu::always_inline]] void finish() {
#pragma GCC unroll 4
    for (int y = 0; y < kRows; ++y)
      store(output_ + y * output_row_, act_(sums_[kThird][y] + bias_));
    output_ += output_step_;
  }

  const Act act_;
  const Vec bias_;  // no -0: sums begin with a product here, elsewhere with 0
  Vec weights_[3][3], sums_[3][kRows];
  const float *upper_, *lower_;  // rows 0 and 3
  const int64_t row_step_, step_;
  float* output_;
  const int64_t output_row_, output_step_;
};

template <int kRows, typename Act>
void sweep_inside(const DepthwiseSweep& sweep) {
  InnerSweep<kRows, Act>(sweep).run(sweep.width, sweep.pad, sweep.out_width);
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

DepthwiseSweepFunction sweep_function(int64_t taps, int64_t stride, ActivationKind kind, bool whole,
                                      int rows) {
  return with_depthwise_activation(kind, [&]<typename Act>() {
    return whole ? sweep_of<true, Act>(taps, stride, rows)
                 : sweep_of<false, Act>(taps, stride, rows);
  });
}

DepthwiseSweepFunction inner_sweep_function(ActivationKind kind, int rows) {
  return with_depthwise_activation(kind, [&]<typename Act>() {
    if constexpr (kFourRows)
      if (rows == 4) return &sweep_inside<4, Act>;
    return &sweep_inside<2, Act>;
  });
}

}  // namespace
}  // namespace shrike::kernels
