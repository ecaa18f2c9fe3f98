#include "kernels/conv/depthwise_winograd.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "kernels/conv/depthwise.h"
#include "kernels/conv/depthwise_sweep.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kTaps = 3, kProducts = 4;

constexpr int64_t block_vectors() { return 1 + kTaps * kProducts; }

int rows_at_once(int64_t left) { return left >= 4 ? 4 : left >= 2 ? 2 : 1; }

// Row y of the input, or zeros where there is none.
void point_at(const ConstMapView& input, int64_t height, int64_t y, int64_t channel,
              const float*& row, int64_t& step) {
  const bool exists = y >= 0 && y < height;
  row = exists ? input.at(y, 0) + channel : kNoRow;
  step = exists ? input.pixel_stride : 0;
}

// Blocks [first, last) of output rows from y on.
void compute_rows(const DepthwiseWinograd& winograd, const ConvProblem& p, const PackedConv& packed,
                  const ConvMaps& maps, int64_t y, int rows, int64_t first, int64_t last) {
  assert(winograd.lanes <= kLineFloats);  // of kNoRow
  const DepthwiseTilesFunction whole = winograd.function(p.activation.kind, rows, true);
  const int64_t top = y - p.pad_top;
  DepthwiseTiles tiles{};
  tiles.step = maps.input.pixel_stride;
  tiles.row_step = maps.input.row_stride;
  tiles.width = p.in_width;
  tiles.pad = p.pad_left;
  tiles.output_step = maps.output.pixel_stride;
  tiles.output_row = maps.output.row_stride;
  tiles.out_width = p.out_width;
  tiles.activation = p.activation;
  for (int64_t block = first; block < last; ++block) {
    const int64_t channel = block * winograd.lanes;
    point_at(maps.input, p.in_height, top, channel, tiles.first, tiles.first_step);
    point_at(maps.input, p.in_height, top + rows + 1, channel, tiles.last, tiles.last_step);
    tiles.inner = maps.input.at(top + 1, 0) + channel;
    tiles.weights = packed.floats() + block * block_vectors() * winograd.lanes;
    tiles.output = maps.output.at(y, 0) + channel;
    tiles.channels = std::min(winograd.lanes, p.out_channels - channel);
    const bool is_whole = tiles.channels == winograd.lanes;
    (is_whole ? whole : winograd.function(p.activation.kind, rows, false))(tiles);
  }
}

// Whether no more than a row or column of padding is read on each side.
bool is_padded_by_one(const ConvProblem& p) {
  const auto fits = [](int64_t in, int64_t pad, int64_t out) {
    return pad <= 1 && out >= in + pad - 2 && out <= in + pad - 1;
  };
  return fits(p.in_height, p.pad_top, p.out_height) && fits(p.in_width, p.pad_left, p.out_width);
}

}  // namespace

const char* depthwise_winograd_refuse(const DepthwiseWinograd& winograd,
                                      const ConvProblem& problem) {
  if (const char* reason = depthwise_refuse(problem)) return reason;
  if (problem.kernel_h != kTaps || problem.kernel_w != kTaps || problem.stride_h != 1 ||
      problem.stride_w != 1 || problem.dilation_h != 1 || problem.dilation_w != 1)
    return "not 3x3 with stride 1";
  if (!is_padded_by_one(problem)) return "padded by more than one";
  if (problem.out_channels < winograd.lanes) return "too few channels for a vector";
  if (problem.residual != Residual::kNone) return "a residual is added";
  if (!winograd.function(problem.activation.kind, 1, true)) return "no form with this activation";
  if (std::cmp_greater(depthwise_winograd_packed_bytes(winograd, problem),
                       std::max<int64_t>(0, problem.max_packed_bytes)))
    return "the packed weights would be too large";
  if (problem.max_rounding < kDepthwiseWinogradRounding)
    return "its sums round more than is allowed";
  return nullptr;
}

size_t depthwise_winograd_packed_bytes(const DepthwiseWinograd& winograd,
                                       const ConvProblem& problem) {
  const int64_t blocks = divide_up(problem.out_channels, winograd.lanes);
  return static_cast<size_t>(blocks * block_vectors() * winograd.lanes) * sizeof(float);
}

void depthwise_winograd_pack(const DepthwiseWinograd& winograd, const ConvProblem& problem,
                             const float* weights, const float* bias, float* packed) {
  for (int64_t channel = 0; channel < problem.out_channels; ++channel) {
    const int64_t block = channel / winograd.lanes;
    float* target = packed + block * block_vectors() * winograd.lanes + channel % winograd.lanes;
    const auto put = [&](double value) {
      *target = static_cast<float>(value);
      target += winograd.lanes;
    };
    put(bias ? static_cast<double>(bias[channel]) : 0);
    const float* kernel = weights + channel * kTaps * kTaps;
    for (int64_t i = 0; i < kTaps; ++i, kernel += kTaps) {
      const double w0 = static_cast<double>(kernel[0]), w1 = static_cast<double>(kernel[1]);
      const double w2 = static_cast<double>(kernel[2]);
      put(-w0);
      put((w0 + w1 + w2) / 2);
      put((w0 - w1 + w2) / 2);
      put(w2);
    }
  }
}

void depthwise_winograd_run(const DepthwiseWinograd& winograd, const ConvProblem& problem,
                            const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool) {
  sweep_map(problem, winograd.lanes, pool,
            [&](int64_t y, int64_t left, int64_t first_block, int64_t last_block) {
              const int rows = rows_at_once(left);
              compute_rows(winograd, problem, packed, maps, y, rows, first_block, last_block);
              return rows;
            });
}

}  // namespace shrike::kernels
