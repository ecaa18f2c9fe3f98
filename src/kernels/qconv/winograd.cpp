#include "kernels/qconv/winograd.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "base/tensor.h"
#include "kernels/qconv/winograd_geometry.h"

namespace shrike::kernels {

namespace {

// One worker's scratch.
struct WinogradScratch {
  int16_t* values;             // [point][tile][channel]
  int32_t* products;           // [point][tile][column]
  uint8_t* window;             // one tile's inputs where some lie outside the map
  std::byte** outputs;         // [tile][output]
  const std::byte** residual;  // [tile][output]
  std::byte* nowhere;          // where outputs outside the map go
};

// One call of qwinograd_run, the same for all workers.
class WinogradRun {
 public:
  WinogradRun(const QWinogradKernel& kernel, const QConvProblem& problem, const PackedConv& packed,
              const QConvMaps& maps)
      : kernel_(kernel),
        problem_(problem),
        maps_(maps),
        packing_(kernel, problem),
        grid_(kernel, problem),
        rule_(packing_.layout.rule(packed)),
        scales_(packing_.layout.scales_of(packed)),
        constants_(packing_.layout.constants_of(packed)),
        weights_(packing_.layout.weights_of(packed)),
        add_(problem.residual != Residual::kNone) {}

  // Panels [begin, end) of tiles [first, last), at most a block of them.
  void compute(const WinogradScratch& scratch, int64_t first, int64_t last, int64_t begin,
               int64_t end) const;

 private:
  void transform_input(int64_t y, int64_t x, uint8_t* window, int16_t* values) const;
  void point_at_outputs(int64_t y, int64_t x, const WinogradScratch& scratch, int64_t tile) const;
  void compute_panel(const WinogradScratch& scratch, int64_t tiles, int64_t panel) const;

  const QWinogradKernel& kernel_;
  const QConvProblem& problem_;
  const QConvMaps& maps_;
  const QWinogradPacking packing_;
  const QWinogradGrid grid_;
  const OutputRule& rule_;
  const float* scales_;
  const int32_t* constants_;
  const std::byte* weights_;
  const bool add_;
};

// The window of the tile whose first output is (y, x); copied where it leaves the map.
void WinogradRun::transform_input(int64_t y, int64_t x, uint8_t* window, int16_t* values) const {
  const ConstByteMapView& map = maps_.input;
  const int64_t top = y - problem_.pad_top, left = x - problem_.pad_left;
  const int64_t channels = problem_.in_channels;
  if (top >= 0 && left >= 0 && top + kWinogradIn <= map.height && left + kWinogradIn <= map.width)
    return kernel_.input({map.at(top, left), map.row_stride, map.pixel_stride, channels, values,
                          grid_.value_stride});
  std::memset(window, problem_.in_zero, static_cast<size_t>(kWinogradPoints * channels));
  for (int i = 0; i < kWinogradIn; ++i)
    for (int j = 0; j < kWinogradIn; ++j)
      if (top + i >= 0 && top + i < map.height && left + j >= 0 && left + j < map.width)
        std::copy_n(map.at(top + i, left + j), channels, window + (i * kWinogradIn + j) * channels);
  kernel_.input({window, kWinogradIn * channels, channels, channels, values, grid_.value_stride});
}

void WinogradRun::point_at_outputs(int64_t y, int64_t x, const WinogradScratch& scratch,
                                   int64_t tile) const {
  std::byte** output = scratch.outputs + tile * kWinogradOutputs;
  const std::byte** residual = scratch.residual + tile * kWinogradOutputs;
  for (int64_t i = y; i < y + kWinogradOut; ++i)
    for (int64_t j = x; j < x + kWinogradOut; ++j) {
      const bool exists = i < problem_.out_height && j < problem_.out_width;
      *output++ = exists ? reinterpret_cast<std::byte*>(maps_.output.at(i, j)) : scratch.nowhere;
      // Some pixel of the tile exists: its first.
      if (add_)
        *residual++ = reinterpret_cast<const std::byte*>(exists ? maps_.residual.at(i, j)
                                                                : maps_.residual.at(y, x));
    }
}

void WinogradRun::compute_panel(const WinogradScratch& scratch, int64_t tiles,
                                int64_t panel) const {
  const int64_t column = panel * kernel_.columns;
  const int64_t count = std::min<int64_t>(kernel_.columns, problem_.out_channels - column);
  for (int64_t point = 0; point < kWinogradPoints; ++point)
    kernel_.product({scratch.values + point * grid_.value_stride, grid_.channels, tiles,
                     problem_.in_channels,
                     weights_ + (panel * kWinogradPoints + point) * packing_.matrix,
                     scratch.products + point * grid_.product_stride, count});
  QWinogradOutput output{scratch.products, grid_.product_stride, tiles, {}};
  output.outputs.constants = constants_ + column;
  output.outputs.scales = scales_ + column;
  output.outputs.rule = &rule_;
  output.outputs.outputs = scratch.outputs;
  output.outputs.residual = scratch.residual;
  output.outputs.column = column;
  output.outputs.count = count;
  kernel_.output(rule_.kind, add_, count)(output);
}

void WinogradRun::compute(const WinogradScratch& scratch, int64_t first, int64_t last,
                          int64_t begin, int64_t end) const {
  const int64_t tiles = last - first;
  assert(tiles <= grid_.block);
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t y = (first + t) / grid_.across * kWinogradOut;
    const int64_t x = (first + t) % grid_.across * kWinogradOut;
    transform_input(y, x, scratch.window, scratch.values + t * grid_.channels);
    point_at_outputs(y, x, scratch, t);
  }
  for (int64_t panel = begin; panel < end; ++panel) compute_panel(scratch, tiles, panel);
}

// Bytes of one worker's scratch, and its parts where `base` is given.
size_t lay_out_scratch(const QWinogradKernel& kernel, const QConvProblem& problem,
                       const QWinogradGrid& grid, std::byte* base, WinogradScratch* scratch) {
  const auto bytes = [](int64_t count, size_t each) {
    return align_up(static_cast<size_t>(count) * each);
  };
  const size_t values = bytes(kWinogradPoints * grid.value_stride, sizeof(int16_t));
  const size_t products = bytes(kWinogradPoints * grid.product_stride, sizeof(int32_t));
  const size_t window = bytes(kWinogradPoints * problem.in_channels, 1);
  const size_t pointers = bytes(grid.block * kWinogradOutputs, sizeof(std::byte*));
  const size_t nowhere = bytes(divide_up(problem.out_channels, kernel.columns) * kernel.columns, 1);
  if (scratch) {
    std::byte* behind = base + values + products;
    *scratch = {reinterpret_cast<int16_t*>(base),
                reinterpret_cast<int32_t*>(base + values),
                reinterpret_cast<uint8_t*>(behind),
                reinterpret_cast<std::byte**>(behind + window),
                reinterpret_cast<const std::byte**>(behind + window + pointers),
                behind + window + 2 * pointers};
  }
  return values + products + window + 2 * pointers + nowhere;
}

// What it cannot compute, whatever it costs.
const char* cannot(const QConvProblem& p) {
  if (p.kernel_h != 3 || p.kernel_w != 3) return "not a 3x3 kernel";
  if (p.dilation_h != 1 || p.dilation_w != 1) return "dilated";
  if (p.stride_h != 1 || p.stride_w != 1) return "made for another stride";
  if (p.groups != 1) return "grouped";
  if (p.in_channels % 16 != 0) return "made for multiples of 16 input channels";
  if (p.in_channels > 227) return "its sums could exceed what is exact";
  if (p.output != QOutput::kBytes) return "made for bytes as output";
  return nullptr;
}

// Costs are in products of int16s at full speed, without the output rule, which is the same for
// all. The constants were fitted to measurements (docs/decisions/011-integers.md).
constexpr double kTransform = 5;  // for each point and channel, in or out

double padded(int64_t channels) { return static_cast<double>(divide_up(channels, 16) * 16); }

}  // namespace

const char* qwinograd_refuse(const QWinogradKernel& kernel, const QConvProblem& problem) {
  if (const char* reason = cannot(problem)) return reason;
  if (qwinograd_packed_bytes(kernel, problem) > static_cast<size_t>(problem.max_packed_bytes))
    return "the packed weights would be too large";
  const auto pixels = static_cast<double>(problem.out_height * problem.out_width);
  const double products = pixels * 9 * static_cast<double>(problem.in_channels);
  if (qwinograd_cost(kernel, problem) >=
      products * padded(problem.out_channels) * kernel.direct_cost)
    return "a direct convolution is faster at this size";
  return nullptr;
}

double qwinograd_cost(const QWinogradKernel& kernel, const QConvProblem& problem) {
  const double points = kWinogradPoints * static_cast<double>(QWinogradGrid(kernel, problem).tiles);
  const auto inputs = static_cast<double>(problem.in_channels);
  const double outputs = padded(problem.out_channels);
  return points * (inputs * outputs + kTransform * (inputs + outputs));
}

size_t qwinograd_scratch_bytes(const QWinogradKernel& kernel, const QConvProblem& problem,
                               int threads) {
  const QWinogradGrid grid(kernel, problem);
  return static_cast<size_t>(threads) * lay_out_scratch(kernel, problem, grid, nullptr, nullptr);
}

void qwinograd_run(const QWinogradKernel& kernel, const QConvProblem& problem,
                   const PackedConv& packed, const QConvMaps& maps, ThreadPool& pool,
                   std::span<std::byte> scratch) {
  assert(scratch.size() >= qwinograd_scratch_bytes(kernel, problem, pool.threads()));
  const WinogradRun run(kernel, problem, packed, maps);
  const QWinogradGrid grid(kernel, problem);
  const int64_t panels = divide_up(problem.out_channels, kernel.columns);
  // Every thread should get about four units of work: smaller blocks as far as they are efficient,
  // then panels apart, each with the block's inputs transformed again.
  constexpr int64_t kLeastTiles = 8;
  const int64_t wanted = pool.threads() > 1 ? 4 * pool.threads() : 1;
  const int64_t most =
      divide_up(grid.tiles, std::max<int64_t>(1, std::min(grid.block, kLeastTiles)));
  const int64_t blocks =
      grid.tiles == 0 ? 0 : std::max(divide_up(grid.tiles, grid.block), std::min(wanted, most));
  const int64_t parts =
      std::clamp<int64_t>(divide_up(wanted, std::max<int64_t>(1, blocks)), 1, panels);
  const size_t stride = lay_out_scratch(kernel, problem, grid, nullptr, nullptr);
  pool.parallel_for(blocks * parts, [&](int64_t unit, int worker) {
    WinogradScratch mine;
    lay_out_scratch(kernel, problem, grid, scratch.data() + static_cast<size_t>(worker) * stride,
                    &mine);
    const int64_t part = unit % parts, block = unit / parts;
    run.compute(mine, grid.tiles * block / blocks, grid.tiles * (block + 1) / blocks,
                panels * part / parts, panels * (part + 1) / parts);
  });
}

}  // namespace shrike::kernels
