#include "kernels/winograd/pairs.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "base/tensor.h"
#include "kernels/conv/pointwise_pairs.h"
#include "kernels/winograd/geometry.h"
#include "kernels/winograd/pair_packing.h"
#include "kernels/winograd/tiles.h"
#include "kernels/winograd/units.h"

namespace shrike::kernels {

namespace {

// Sizes in floats.
struct PairGrid {
  PairGrid(const WinogradPairs& pairs, const ConvProblem& problem)
      : tiles(winograd_tiles(*pairs.kernel->algorithm, problem)),
        points(pairs.kernel->algorithm->in * pairs.kernel->algorithm->in),
        block(winograd_block_tiles(*pairs.kernel->algorithm, problem)),
        channels(pair_block(problem.in_channels)),
        blocks(divide_up(problem.in_channels, channels)),
        values_stride(blocks * block * channels + kApart),
        products_stride(block * pairs.kernel->tile->columns + kApart),
        start_stride(divide_up(block, 4) * 4) {}

  int64_t tiles;  // in all
  int64_t points;
  int64_t block;                                         // the most tiles in a block
  int64_t channels, blocks;                              // of a block of channels; such blocks
  int64_t values_stride, products_stride, start_stride;  // from point to point

 private:
  static constexpr int64_t kApart = 16;  // not all points to the same set of a cache
};

// One worker's scratch.
struct PairScratch {
  float* values;           // [point][block of channels][tile][channel]
  float* starts;           // [point][tile]
  float* products;         // [point][tile][column]
  float* sums;             // [output of a tile][column]
  float* scales;           // [tile]: s
  float** outputs;         // [tile][output of a tile], those in the map first
  const float** residual;  // likewise
};

// Bytes of one worker's scratch, and its parts where `base` is given.
size_t lay_out_scratch(const WinogradPairs& pairs, const PairGrid& grid, std::byte* base,
                       PairScratch* scratch) {
  size_t bytes = 0;
  const auto take = [&](int64_t count, size_t each) {
    std::byte* part = base ? base + bytes : nullptr;
    bytes += align_up(static_cast<size_t>(count) * each);
    return part;
  };
  const auto floats = [&](int64_t count) {
    return reinterpret_cast<float*>(take(count, sizeof(float)));
  };
  const WinogradKernel& kernel = *pairs.kernel;
  const int64_t outputs = kernel.algorithm->out * kernel.algorithm->out;
  PairScratch parts;
  parts.values = floats(grid.points * grid.values_stride);
  parts.starts = floats(grid.points * grid.start_stride);
  parts.products = floats(grid.points * grid.products_stride);
  parts.sums = floats(outputs * kernel.tile->columns);
  parts.scales = floats(grid.block);
  parts.outputs = reinterpret_cast<float**>(take(grid.block * outputs, sizeof(float*)));
  parts.residual = reinterpret_cast<const float**>(take(grid.block * outputs, sizeof(float*)));
  if (scratch) *scratch = parts;
  return bytes;
}

// One call of winograd_pairs_run, the same for all workers.
class PairRun {
 public:
  using Unit = WinogradUnits::Unit;

  PairRun(const WinogradPairs& pairs, const ConvProblem& problem, const PackedConv& packed,
          const ConvMaps& maps, std::span<std::byte> scratch, bool pooled)
      : pairs_(pairs),
        algorithm_(*pairs.kernel->algorithm),
        problem_(problem),
        packing_(pairs, problem),
        grid_(pairs, problem),
        tiles_(*pairs.kernel, problem, maps, pooled),
        packed_(packed.floats()),
        scratch_(scratch) {}

  // What compute_units() calls. Points have starts.
  void transform(int place, const Unit& unit, int64_t t) const;
  int64_t starts() const { return grid_.points; }
  void start(int place, const Unit& unit, int64_t index) const;
  void compute(int place, int worker, const Unit& unit) const;

 private:
  PairScratch scratch_of(int worker) const;
  void multiply(const PairScratch& scratch, const Unit& unit, int64_t panel) const;
  PairPoint point(const PairScratch& scratch, int64_t index, int64_t tiles) const;

  const WinogradPairs& pairs_;
  const WinogradAlgorithm& algorithm_;
  const ConvProblem& problem_;
  const PairPacking packing_;
  const PairGrid grid_;
  const WinogradTiles tiles_;
  const float* packed_;
  std::span<std::byte> scratch_;
};

PairScratch PairRun::scratch_of(int worker) const {
  const size_t stride = lay_out_scratch(pairs_, grid_, nullptr, nullptr);
  PairScratch own;
  lay_out_scratch(pairs_, grid_, scratch_.data() + static_cast<size_t>(worker) * stride, &own);
  return own;
}

PairPoint PairRun::point(const PairScratch& scratch, int64_t index, int64_t tiles) const {
  PairPoint point{};
  point.values = scratch.values + index * grid_.values_stride;
  point.block = grid_.channels;
  point.block_stride = grid_.block * grid_.channels;
  point.tiles = tiles;
  point.channels = problem_.in_channels;
  point.start = scratch.starts + index * grid_.start_stride;
  point.sums = scratch.products + index * grid_.products_stride;
  return point;
}

void PairRun::transform(int place, const Unit& unit, int64_t t) const {
  const PairScratch scratch = scratch_of(place);
  const int64_t outputs = tiles_.outputs(), channels = problem_.in_channels;
  const int64_t tile = unit.first + t;
  const WinogradInput whole = tiles_.window(tile, 0, channels, nullptr, 0);
  const float scale = pair_input_scale(algorithm_, whole, pairs_.squares(whole), channels);
  scratch.scales[t] = scale;
  for (int64_t b = 0; b < grid_.blocks; ++b) {
    const int64_t channel = b * grid_.channels;
    pairs_.kernel->input(tiles_.window(tile, channel, std::min(grid_.channels, channels - channel),
                                       scratch.values + (b * grid_.block + t) * grid_.channels,
                                       grid_.values_stride, scale));
  }
  tiles_.point_at_outputs(tile, scratch.outputs + t * outputs, scratch.residual + t * outputs);
}

void PairRun::start(int place, const Unit& unit, int64_t index) const {
  const PairScratch scratch = scratch_of(place);
  pairs_.begin(point(scratch, index, unit.tiles()), scratch.starts + index * grid_.start_stride);
}

void PairRun::multiply(const PairScratch& scratch, const Unit& unit, int64_t panel) const {
  const int* weight_of = algorithm_.weight_of;
  const TileGrid::Users users(tiles_.grid(), unit.first, unit.last);
  for (int i = 0; i < algorithm_.in; ++i)
    for (int j = 0; j < algorithm_.in; ++j) {
      const int64_t matrix = weight_of[i] * algorithm_.weights + weight_of[j];
      for (const TileGrid::Run& run : users.of(i, j)) {
        if (run.first >= run.last) continue;
        const int64_t skipped = run.first - unit.first;
        PairPoint at = point(scratch, i * algorithm_.in + j, run.last - run.first);
        at.values += skipped * grid_.channels;
        at.start += skipped;
        at.sums += skipped * packing_.columns;
        at.weights = packing_.matrix_at(packed_, panel, matrix);
        at.products = packing_.products_at(packed_, panel, matrix);
        at.columns = tiles_.columns_of(panel);
        at.far = packing_.bias > kNearFloats;
        pairs_.multiply(at);
      }
    }
}

void PairRun::compute(int place, int worker, const Unit& unit) const {
  const PairScratch own = scratch_of(worker);
  PairScratch scratch = scratch_of(place);
  scratch.products = own.products;
  scratch.sums = own.sums;
  const int64_t outputs = tiles_.outputs();
  const int64_t columns = pairs_.kernel->tile->columns;
  assert(unit.tiles() <= grid_.block);
  const float weight_scale = packed_[packing_.scale];
  for (int64_t panel = unit.begin; panel < unit.end; ++panel) {
    multiply(scratch, unit, panel);
    for (int64_t t = 0; t < unit.tiles(); ++t)
      tiles_.finish(
          unit.first + t, panel,
          {scratch.products + t * columns, grid_.products_stride,
           packed_ + packing_.bias + panel * columns, scratch.outputs + t * outputs,
           scratch.residual + t * outputs, scratch.sums, 1 / (weight_scale * scratch.scales[t])});
  }
}

}  // namespace

int64_t pair_block(int64_t channels) {
  constexpr int64_t kMost = 48;
  return std::min(kMost, divide_up(channels, 16) * 16);
}

float pair_scale(double mean_square, double growth) {
  if (!std::isfinite(mean_square) || mean_square <= 0) return 1;
  constexpr double kLargest = 30;  // which leaves room for products
  const double exponent = std::round(-std::log2(mean_square) / 2 - growth);
  return static_cast<float>(std::exp2(std::clamp(exponent, -kLargest, kLargest)));
}

float pair_weight_scale(const float* weights, int64_t count) {
  return pair_scale(mean_square(weights, count), 0);
}

float pair_input_scale(const WinogradAlgorithm& algorithm, const WinogradInput& window,
                       double squares, int64_t channels) {
  const double inputs =
      static_cast<double>(window.rows.size() * window.columns.size() * channels) / 2;
  return pair_scale(squares / inputs, algorithm.growth);
}

size_t winograd_pairs_packed_bytes(const WinogradPairs& pairs, const ConvProblem& problem) {
  return static_cast<size_t>(PairPacking(pairs, problem).total) * sizeof(float);
}

size_t winograd_pairs_scratch_bytes(const WinogradPairs& pairs, const ConvProblem& problem,
                                    int threads) {
  return static_cast<size_t>(threads) *
         lay_out_scratch(pairs, PairGrid(pairs, problem), nullptr, nullptr);
}

void winograd_pairs_run(const WinogradPairs& pairs, const ConvProblem& problem,
                        const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                        std::span<std::byte> scratch, bool pooled) {
  assert(scratch.size() >= winograd_pairs_scratch_bytes(pairs, problem, pool.threads()));
  const PairGrid grid(pairs, problem);
  const WinogradUnits units(grid.tiles, grid.block,
                            divide_up(problem.out_channels, pairs.kernel->tile->columns),
                            packed_weights(PairPacking(pairs, problem).bias), pool.threads());
  compute_units(units, pool, PairRun(pairs, problem, packed, maps, scratch, pooled));
}

}  // namespace shrike::kernels
