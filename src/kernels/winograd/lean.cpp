#include "kernels/winograd/lean.h"

#include <algorithm>
#include <cassert>

#include "base/cpu.h"
#include "base/tensor.h"
#include "kernels/winograd/geometry.h"
#include "kernels/winograd/units.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kTaps = 9;

// In floats.
struct LeanPacking {
  LeanPacking(const LeanWinograd& lean, const ConvProblem& problem)
      : panels(divide_up(problem.out_channels, lean.kernel->tile->columns)),
        panel(problem.in_channels * kTaps * lean.kernel->tile->columns),
        bias(panels * panel),
        total(bias + panels * lean.kernel->tile->columns + spare(problem)) {}

  int64_t panels;
  int64_t panel;  // [input channel][tap][columns]
  int64_t bias;   // offset: [panel][columns]
  int64_t total;

 private:
  // More than a direct convolution has beside weights and biases: a plan that must be small can
  // go on from here to that, which needs less scratch.
  static int64_t spare(const ConvProblem& problem) { return 3 * problem.in_channels + 16; }
};

// Sizes in floats.
struct LeanGrid {
  LeanGrid(const LeanWinograd& lean, const ConvProblem& problem)
      : tiles(winograd_tiles(*lean.kernel->algorithm, problem)),
        block(lean_block_tiles(*lean.kernel->algorithm, problem)),
        columns(lean.kernel->tile->columns),
        groups(divide_up(problem.in_channels, kLeanChannels)),
        points(lean.kernel->algorithm->in * lean.kernel->algorithm->in),
        outputs(lean.kernel->algorithm->out * lean.kernel->algorithm->out),
        values_stride(block * kLeanChannels + kApart),
        products_stride(block * columns + kApart) {}

  int64_t tiles, block;  // in all; the most in a block
  int64_t columns;
  int64_t groups;  // of channels
  int64_t points, outputs;
  int64_t values_stride, products_stride;  // from point to point

 private:
  static constexpr int64_t kApart = 16;  // not all points to the same set of a cache
};

WinogradUnits units_of(const LeanGrid& grid, const LeanPacking& packing, int threads) {
  return {grid.tiles, grid.block, packing.panels, WinogradWeights::kMade, threads};
}

// In which order a block's groups of channels meet a unit's panels of outputs. What is made of the
// ones waits for the others, in memory that has left the caches since the last layer: that of all
// groups, for panel by panel, or, where it is less, that of all panels, for group by group.
struct LeanOrder {
  LeanOrder(const LeanGrid& grid, const LeanPacking& packing, int threads) {
    const WinogradUnits units = units_of(grid, packing, threads);
    const bool whole = units.parts(units.blocks()) == 1;
    one_apart = !whole && units.blocks() == 1 && threads == 2 && cpu_features().far_l3;
    const int64_t most = divide_up(packing.panels, one_apart ? threads : 1);
    // A group that several workers use is made once, before all panels.
    by_groups = (whole || one_apart) && most * grid.columns < grid.groups * kLeanChannels;
    groups = by_groups ? 1 : grid.groups;
    panels = by_groups ? most : 1;
    // Of undivided blocks, and of one that two threads share, each has its own.
    places = whole || one_apart ? threads : std::min<int64_t>(threads, units.blocks());
  }

  bool one_apart;  // compute_block_apart()
  bool by_groups;
  int64_t groups, panels;  // that are there at a time
  int64_t places;          // blocks whose inputs are
};

// What is made of a block's inputs.
struct LeanInput {
  float* values;           // [group of channels][point][tile][channel]
  float** outputs;         // [tile][output of a tile], those in the map first
  const float** residual;  // likewise
};

// What one worker has for itself.
struct LeanScratch {
  float* products;        // [panel][point][tile][column]
  float *half, *weights;  // LeanGroup's
  float* sums;            // [output of a tile][column]
};

// Scratch as it is handed out from `base` on; null where sizes alone are asked for.
class LeanLayout {
 public:
  explicit LeanLayout(std::byte* base) : base_(base) {}

  template <typename T>
  void take(T*& part, int64_t count) {
    if (base_) part = reinterpret_cast<T*>(base_ + bytes_);
    bytes_ += align_up(static_cast<size_t>(count) * sizeof(T));
  }
  size_t bytes() const { return bytes_; }

 private:
  std::byte* base_;
  size_t bytes_ = 0;
};

size_t lay_out(const LeanGrid& grid, const LeanOrder& order, std::byte* base, LeanInput& input) {
  LeanLayout layout(base);
  layout.take(input.values, order.groups * grid.points * grid.values_stride);
  layout.take(input.outputs, grid.block * grid.outputs);
  layout.take(input.residual, grid.block * grid.outputs);
  return layout.bytes();
}

size_t lay_out(const LeanGrid& grid, const LeanOrder& order, std::byte* base, LeanScratch& own) {
  LeanLayout layout(base);
  layout.take(own.products, order.panels * grid.points * grid.products_stride);
  layout.take(own.half, 2 * kLeanChannels * 3 * grid.columns);
  layout.take(own.weights, 2 * kLeanChannels * grid.columns);
  layout.take(own.sums, grid.outputs * grid.columns);
  return layout.bytes();
}

// One call of lean_winograd_run, the same for all workers.
class LeanRun : public WinogradWithoutStarts {
 public:
  using Unit = WinogradUnits::Unit;

  LeanRun(const LeanWinograd& lean, const ConvProblem& problem, const PackedConv& packed,
          const ConvMaps& maps, std::span<std::byte> scratch, int threads, bool pooled)
      : lean_(lean),
        problem_(problem),
        packing_(lean, problem),
        grid_(lean, problem),
        tiles_(*lean.kernel, problem, maps, pooled),
        packed_(packed.floats()),
        order_(grid_, packing_, threads),
        scratch_(scratch) {}

  WinogradUnits units(int threads) const { return units_of(grid_, packing_, threads); }
  bool one_apart() const { return order_.one_apart; }

  // What compute_units() calls.
  void transform(int place, const Unit& unit, int64_t t) const;
  void compute(int place, int worker, const Unit& unit) const;

 private:
  // A unit on its way through groups and panels.
  struct Block {
    LeanInput input;
    LeanScratch own;
    const Unit& unit;
    TileGrid::Users users;
  };

  LeanInput input_of(int place) const;
  LeanScratch scratch_of(int worker) const;
  void make_values(int64_t group, int64_t tile, float* values) const;
  void multiply(const Block& block, int64_t group, int64_t panel, const float* next) const;
  void finish(const Block& block, int64_t panel) const;

  int64_t channels_of(int64_t group) const {
    return std::min(kLeanChannels, problem_.in_channels - group * kLeanChannels);
  }
  float* values_of(int64_t group, const LeanInput& input) const {
    return input.values + (order_.by_groups ? 0 : group) * grid_.points * grid_.values_stride;
  }
  float* products_of(int64_t panel, const Block& block) const {
    const int64_t index = order_.by_groups ? panel - block.unit.begin : 0;
    return block.own.products + index * grid_.points * grid_.products_stride;
  }
  const float* taps_of(int64_t group, int64_t panel) const {
    return packed_ + panel * packing_.panel + group * kLeanChannels * kTaps * grid_.columns;
  }

  const LeanWinograd& lean_;
  const ConvProblem& problem_;
  const LeanPacking packing_;
  const LeanGrid grid_;
  const WinogradTiles tiles_;
  const float* packed_;
  const LeanOrder order_;
  std::span<std::byte> scratch_;  // [place] inputs, then what workers have
};

LeanInput LeanRun::input_of(int place) const {
  LeanInput input;
  const size_t stride = lay_out(grid_, order_, nullptr, input);
  lay_out(grid_, order_, scratch_.data() + static_cast<size_t>(place) * stride, input);
  return input;
}

LeanScratch LeanRun::scratch_of(int worker) const {
  LeanInput input;
  LeanScratch own;
  const size_t shared = static_cast<size_t>(order_.places) * lay_out(grid_, order_, nullptr, input);
  const size_t stride = lay_out(grid_, order_, nullptr, own);
  lay_out(grid_, order_, scratch_.data() + shared + static_cast<size_t>(worker) * stride, own);
  return own;
}

// `values`: of the block's tile, which is counted over the map.
void LeanRun::make_values(int64_t group, int64_t tile, float* values) const {
  lean_.kernel->input(
      tiles_.window(tile, group * kLeanChannels, channels_of(group), values, grid_.values_stride));
}

void LeanRun::transform(int place, const Unit& unit, int64_t t) const {
  const LeanInput input = input_of(place);
  const int64_t tile = unit.first + t;
  if (!order_.by_groups)
    for (int64_t group = 0; group < grid_.groups; ++group)
      make_values(group, tile, values_of(group, input) + t * kLeanChannels);
  tiles_.point_at_outputs(tile, input.outputs + t * grid_.outputs,
                          input.residual + t * grid_.outputs);
}

void LeanRun::multiply(const Block& block, int64_t group, int64_t panel, const float* next) const {
  lean_.multiply({taps_of(group, panel), next, channels_of(group), tiles_.columns_of(panel),
                  &block.users, block.unit.first, values_of(group, block.input),
                  grid_.values_stride, products_of(panel, block), grid_.products_stride, group > 0,
                  block.own.half, block.own.weights});
}

void LeanRun::finish(const Block& block, int64_t panel) const {
  const float* products = products_of(panel, block);
  for (int64_t t = 0; t < block.unit.tiles(); ++t)
    tiles_.finish(
        block.unit.first + t, panel,
        {products + t * grid_.columns, grid_.products_stride,
         packed_ + packing_.bias + panel * grid_.columns, block.input.outputs + t * grid_.outputs,
         block.input.residual + t * grid_.outputs, block.own.sums});
}

// Sums of an output are added group by group in either order.
void LeanRun::compute(int place, int worker, const Unit& unit) const {
  assert(unit.tiles() <= grid_.block);
  const Block block{input_of(place), scratch_of(worker), unit,
                    TileGrid::Users(tiles_.grid(), unit.first, unit.last)};
  if (!order_.by_groups) {
    for (int64_t panel = unit.begin; panel < unit.end; ++panel) {
      for (int64_t group = 0; group < grid_.groups; ++group) {
        const bool last = group + 1 == grid_.groups;
        multiply(block, group, panel, last ? taps_of(0, panel + 1) : taps_of(group + 1, panel));
      }
      finish(block, panel);
    }
    return;
  }
  assert(unit.end - unit.begin <= order_.panels);
  for (int64_t group = 0; group < grid_.groups; ++group) {
    for (int64_t t = 0; t < unit.tiles(); ++t)
      make_values(group, unit.first + t, values_of(group, block.input) + t * kLeanChannels);
    for (int64_t panel = unit.begin; panel < unit.end; ++panel) {
      const bool last = panel + 1 == unit.end;
      multiply(block, group, panel,
               last ? taps_of(group + 1, unit.begin) : taps_of(group, panel + 1));
    }
  }
  for (int64_t panel = unit.begin; panel < unit.end; ++panel) finish(block, panel);
}

}  // namespace

int64_t lean_block_tiles(const WinogradAlgorithm& algorithm, const ConvProblem& problem) {
  constexpr int64_t kMost = 48, kFloats = 800 * 1024;
  const int64_t channels = round_up(problem.in_channels, kLeanChannels);
  const int64_t fitting = kFloats / (algorithm.in * algorithm.in * channels);
  const int64_t tiles = winograd_tiles(algorithm, problem);
  return divide_up(tiles, divide_up(tiles, std::clamp<int64_t>(fitting, 1, kMost)));
}

size_t lean_winograd_packed_bytes(const LeanWinograd& lean, const ConvProblem& problem) {
  return static_cast<size_t>(LeanPacking(lean, problem).total) * sizeof(float);
}

void lean_winograd_pack(const LeanWinograd& lean, const ConvProblem& problem, const float* weights,
                        const float* bias, float* packed) {
  const LeanPacking packing(lean, problem);
  const int64_t columns = lean.kernel->tile->columns, taps = problem.in_channels * kTaps;
  if (bias) std::copy_n(bias, problem.out_channels, packed + packing.bias);
  for (int64_t o = 0; o < problem.out_channels; ++o) {
    float* target = packed + o / columns * packing.panel + o % columns;
    for (int64_t i = 0; i < taps; ++i) target[i * columns] = weights[o * taps + i];
  }
}

size_t lean_winograd_scratch_bytes(const LeanWinograd& lean, const ConvProblem& problem,
                                   int threads) {
  const LeanGrid grid(lean, problem);
  const LeanPacking packing(lean, problem);
  LeanInput input;
  LeanScratch own;
  // A plan's pool may have fewer threads than asked, which may take more.
  size_t most = 0;
  for (int count = 1; count <= threads; ++count) {
    const LeanOrder order(grid, packing, count);
    most = std::max(most, static_cast<size_t>(order.places) * lay_out(grid, order, nullptr, input) +
                              static_cast<size_t>(count) * lay_out(grid, order, nullptr, own));
  }
  return most;
}

void lean_winograd_run(const LeanWinograd& lean, const ConvProblem& problem,
                       const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                       std::span<std::byte> scratch, bool pooled) {
  assert(scratch.size() >= lean_winograd_scratch_bytes(lean, problem, pool.threads()));
  const LeanRun run(lean, problem, packed, maps, scratch, pool.threads(), pooled);
  if (run.one_apart()) {
    compute_block_apart(run.units(pool.threads()), pool, run);
  } else {
    compute_units(run.units(pool.threads()), pool, run);
  }
}

}  // namespace shrike::kernels
