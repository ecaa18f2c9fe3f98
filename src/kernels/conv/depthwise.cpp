#include "kernels/conv/depthwise.h"

#include <algorithm>

#include "kernels/sizes.h"
#include "kernels/window.h"

namespace shrike::kernels {

namespace {

// The output columns whose windows lie inside the map.
Range columns_inside(const ConvProblem& p) {
  const int64_t reach = (p.kernel_w - 1) * p.dilation_w;
  const int64_t begin = std::min(p.out_width, divide_up(p.pad_left, p.stride_w));
  const int64_t room = p.in_width - 1 - reach + p.pad_left;
  const int64_t end = room < 0 ? 0 : room / p.stride_w + 1;
  return {begin, std::clamp(end, begin, p.out_width)};
}

class DepthwiseRow {
 public:
  DepthwiseRow(const DepthwiseTile& tile, const ConvProblem& problem, const PackedConv& packed,
               const ConvMaps& maps)
      : kernel_(tile),
        tile_(*tile.tile),
        problem_(problem),
        maps_(maps),
        weights_(packed.floats()),
        finish_(tile_.finish(problem.activation.kind)) {}

  // Channel blocks [first, last) of output row y.
  void compute(int64_t y, int64_t first, int64_t last) const {
    const Range inside = columns_inside(problem_);
    const Range all{0, problem_.kernel_w};
    for (int64_t x = 0; x < inside.begin; ++x) compute_tile(y, x, 1, clipped(x), first, last);
    for (int64_t x = inside.begin; x < inside.end; x += tile_.rows) {
      const int count = static_cast<int>(std::min<int64_t>(tile_.rows, inside.end - x));
      compute_tile(y, x, count, all, first, last);
    }
    for (int64_t x = inside.end; x < problem_.out_width; ++x)
      compute_tile(y, x, 1, clipped(x), first, last);
  }

 private:
  Range clipped(int64_t x) const {
    return taps_inside(x * problem_.stride_w - problem_.pad_left, problem_.kernel_w,
                       problem_.dilation_w, problem_.in_width);
  }

  // `count` pixels from (y, x), all with the taps `across` of each kernel row.
  void compute_tile(int64_t y, int64_t x, int count, Range across, int64_t first,
                    int64_t last) const {
    const int64_t top = y * problem_.stride_h - problem_.pad_top;
    const Range down = taps_inside(top, problem_.kernel_h, problem_.dilation_h, problem_.in_height);
    const ConstMapView& in = maps_.input;
    DepthwiseSums sums{};
    sums.pixel_step = problem_.stride_w * in.pixel_stride;
    sums.row_step = problem_.dilation_h * in.row_stride;
    sums.tap_step = problem_.dilation_w * in.pixel_stride;
    sums.taps_h = down.end - down.begin;
    sums.taps_w = across.end - across.begin;
    if (sums.taps_w == 0) sums.taps_h = 0;
    sums.weight_step = problem_.kernel_w * tile_.columns;
    alignas(64) float buffer[kMaxTileRows * kMaxTileColumns];
    sums.sums = buffer;

    float* outputs[kMaxTileRows];
    const float* residual[kMaxTileRows] = {};
    for (int r = 0; r < count; ++r) {
      outputs[r] = maps_.output.at(y, x + r);
      if (problem_.residual != Residual::kNone) residual[r] = maps_.residual.at(y, x + r);
    }
    // Outside the map nothing is added, and no address is formed.
    const bool empty = sums.taps_h == 0;
    const int64_t in_y = top + down.begin * problem_.dilation_h;
    const int64_t in_x =
        x * problem_.stride_w - problem_.pad_left + across.begin * problem_.dilation_w;
    const float* window = empty ? in.data : in.at(in_y, in_x);
    const int64_t tap = empty ? 0 : down.begin * problem_.kernel_w + across.begin;
    const int64_t block_floats = (problem_.taps() + 1) * tile_.columns;
    for (int64_t block = first; block < last; ++block) {
      const int64_t channel = block * tile_.columns;
      const float* packed = weights_ + block * block_floats;
      sums.input = window + channel;
      sums.bias = packed;
      sums.weights = packed + (1 + tap) * tile_.columns;
      sums.channels = std::min<int64_t>(tile_.columns, problem_.out_channels - channel);
      kernel_.functions[count](sums);
      finish_({buffer, count, channel, sums.channels, outputs, residual, problem_.activation,
               problem_.residual});
    }
  }

  const DepthwiseTile& kernel_;
  const TileKernel& tile_;
  const ConvProblem& problem_;
  const ConvMaps& maps_;
  const float* weights_;
  const TileFinishFunction finish_;
};

}  // namespace

const char* depthwise_refuse(const ConvProblem& problem) {
  if (problem.groups != problem.in_channels || problem.groups != problem.out_channels)
    return "not depthwise with one output for each input channel";
  return nullptr;
}

size_t depthwise_packed_bytes(int64_t columns, const ConvProblem& problem) {
  const int64_t blocks = divide_up(problem.out_channels, columns);
  return static_cast<size_t>(blocks * (problem.taps() + 1) * columns) * sizeof(float);
}

// Of each block of channels the bias, then the taps.
void depthwise_pack(int64_t columns, const ConvProblem& problem, const float* weights,
                    const float* bias, float* packed) {
  const int64_t taps = problem.taps();
  const int64_t block_floats = (taps + 1) * columns;
  for (int64_t c = 0; c < problem.out_channels; ++c) {
    float* block = packed + c / columns * block_floats + c % columns;
    if (bias) block[0] = bias[c];
    for (int64_t tap = 0; tap < taps; ++tap) block[(tap + 1) * columns] = weights[c * taps + tap];
  }
}

void depthwise_run(const DepthwiseTile& tile, const ConvProblem& problem, const PackedConv& packed,
                   const ConvMaps& maps, ThreadPool& pool) {
  const DepthwiseRow row(tile, problem, packed, maps);
  const int64_t blocks = divide_up(problem.out_channels, tile.tile->columns);
  // Flat maps are also divided by channels.
  const int64_t wanted = pool.threads() > 1 ? 4 * pool.threads() : 1;
  const int64_t parts =
      std::clamp<int64_t>(divide_up(wanted, std::max<int64_t>(1, problem.out_height)), 1, blocks);
  pool.parallel_for(problem.out_height * parts, [&](int64_t unit, int) {
    const int64_t part = unit % parts;
    row.compute(unit / parts, blocks * part / parts, blocks * (part + 1) / parts);
  });
}

}  // namespace shrike::kernels
