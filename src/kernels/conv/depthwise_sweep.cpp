#include "kernels/conv/depthwise_sweep.h"

#include <algorithm>

#include "kernels/conv/depthwise.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kSweepBand = 4;  // output rows of a unit of work

// The input rows of output rows [y, y + row_count), from their first channel on; zeros for those
// outside the map and those that no window needs.
class SweepRows {
 public:
  SweepRows(const ConvProblem& p, const ConstMapView& input, int64_t y, int64_t row_count) {
    const int64_t top = y * p.stride_h - p.pad_top;
    const int64_t needed = (row_count - 1) * p.stride_h + p.kernel_h;
    for (int64_t i = 0; i < kSweepMaxInputRows; ++i) {
      const bool exists = i < needed && top + i >= 0 && top + i < p.in_height;
      rows_[i] = exists ? input.at(top + i, 0) : kNoRow;
      steps_[i] = exists ? input.pixel_stride : 0;
    }
  }
  void point_at(int64_t channel, DepthwiseSweep& sweep) const {
    for (int64_t i = 0; i < kSweepMaxInputRows; ++i) {
      sweep.rows[i] = rows_[i] + (steps_[i] != 0 ? channel : 0);
      sweep.steps[i] = steps_[i];
    }
  }

 private:
  const float* rows_[kSweepMaxInputRows];
  int64_t steps_[kSweepMaxInputRows];
};

// Whether all rows lie in the map, and no more than one column of the padding is read on each side.
bool is_inside(const ConvProblem& p, const DepthwiseSweep& sweep, int rows) {
  const int64_t ended = p.in_width + p.pad_left - 2;  // outputs that no padding at the right ends
  return p.kernel_w == 3 && p.stride_w == 1 && p.residual == Residual::kNone &&
         sweep.row_count == rows && sweep.steps[0] != 0 && sweep.steps[rows + 1] != 0 &&
         p.pad_left <= 1 && ended >= 0 && p.out_width >= ended && p.out_width <= ended + 1;
}

// Blocks [first, last) of output rows from y on, no more than `left`. Returns how many rows.
int sweep_rows(const DepthwiseSweeper& sweeper, const ConvProblem& p, const PackedConv& packed,
               const ConvMaps& maps, int64_t y, int64_t left, int64_t first, int64_t last) {
  const bool add = p.residual != Residual::kNone;
  const int rows = sweeper.rows(p.kernel_w, left);
  DepthwiseSweep sweep;
  sweep.row_count = static_cast<int>(std::min<int64_t>(rows, left));
  const SweepRows input(p, maps.input, y, sweep.row_count);
  sweep.width = p.in_width;
  sweep.pad = p.pad_left;
  sweep.output_step = maps.output.pixel_stride;
  sweep.output_row = maps.output.row_stride;
  sweep.out_width = p.out_width;
  sweep.residual_step = maps.residual.pixel_stride;
  sweep.residual_row = maps.residual.row_stride;
  sweep.activation = p.activation;
  sweep.order = p.residual;
  sweep.row_step = maps.input.row_stride;
  input.point_at(0, sweep);
  const bool inside = is_inside(p, sweep, rows);
  const float* const top = sweep.rows[0];
  const auto of = [&](bool whole) {
    return sweeper.function(p.kernel_w, p.stride_w, p.activation.kind, whole, rows);
  };
  const DepthwiseSweepFunction whole = inside ? sweeper.inside(p.activation.kind, rows) : of(true);
  for (int64_t block = first; block < last; ++block) {
    const int64_t channel = block * sweeper.lanes;
    sweep.weights = packed.floats() + block * (p.taps() + 1) * sweeper.lanes;
    sweep.output = maps.output.at(y, 0) + channel;
    sweep.residual = add ? maps.residual.at(y, 0) + channel : nullptr;
    sweep.channels = std::min(sweeper.lanes, p.out_channels - channel);
    const bool is_whole = sweep.channels == sweeper.lanes;
    if (inside && is_whole) {
      sweep.rows[0] = top + channel;
    } else {
      input.point_at(channel, sweep);
    }
    (is_whole ? whole : of(false))(sweep);
  }
  return sweep.row_count;
}

}  // namespace

SweepUnits::SweepUnits(int64_t rows, int64_t blocks, int threads) : rows_(rows), blocks_(blocks) {
  constexpr int64_t kLeastRows = 3;  // of a thread
  const bool rows_alone = threads == 1 || rows >= kLeastRows * threads;
  shares_ = rows_alone ? threads : 1;
  bands_ = std::max<int64_t>(1, divide_up(divide_up(rows, shares_), kSweepBand));
  const int64_t wanted = rows_alone ? 1 : 4 * threads;
  parts_ = std::clamp<int64_t>(divide_up(wanted, bands_), 1, blocks);
}

SweepUnits::Unit SweepUnits::unit(int64_t index) const {
  const int64_t part = index % parts_, band = index / parts_ % bands_;
  const int64_t share = index / parts_ / bands_;
  const int64_t end = rows_ * (share + 1) / shares_;
  const int64_t first = std::min(end, rows_ * share / shares_ + band * kSweepBand);
  return {first, std::min(end, first + kSweepBand), blocks_ * part / parts_,
          blocks_ * (part + 1) / parts_};
}

const char* depthwise_sweep_refuse(const DepthwiseSweeper& sweeper, const ConvProblem& problem) {
  if (const char* reason = depthwise_refuse(problem)) return reason;
  if (problem.kernel_h != problem.kernel_w || problem.stride_h != problem.stride_w ||
      problem.dilation_h != 1 || problem.dilation_w != 1 ||
      !sweeper.function(problem.kernel_w, problem.stride_w, ActivationKind::kNone, true, 2))
    return "not 3x3 or 5x5 with stride 1 or 2";
  if (!sweeper.function(problem.kernel_w, problem.stride_w, problem.activation.kind, true, 2))
    return "no form with this activation";
  return nullptr;
}

void depthwise_sweep_run(const DepthwiseSweeper& sweeper, const ConvProblem& problem,
                         const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool) {
  sweep_map(problem, sweeper.lanes, pool,
            [&](int64_t y, int64_t left, int64_t first_block, int64_t last_block) {
              return sweep_rows(sweeper, problem, packed, maps, y, left, first_block, last_block);
            });
}

}  // namespace shrike::kernels
