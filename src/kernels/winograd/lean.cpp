#include "kernels/winograd/lean.h"

#include <algorithm>
#include <cassert>

#include "base/tensor.h"
#include "kernels/winograd/geometry.h"
#include "kernels/winograd/tiles.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kTaps = 9;
constexpr int64_t kApart = 16;  // floats: not all points to the same set of a cache

struct LeanPacking {
  LeanPacking(const LeanWinograd& lean, const ConvProblem& problem)
      : panels(divide_up(problem.out_channels, lean.kernel->tile->columns)),
        vector(problem.in_channels * kTaps * lean.lanes),
        panel(vector * (lean.kernel->tile->columns / lean.lanes)),
        bias(panels * panel),
        total(bias + panels * lean.kernel->tile->columns + spare(problem)) {}

  int64_t panels;
  int64_t vector, panel;  // floats of a vector of columns, of a panel
  int64_t bias;           // offset: [panel][columns]
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
        columns(lean.kernel->tile->columns),
        blocks(divide_up(problem.in_channels, kLeanChannels)),
        points(lean.kernel->algorithm->in * lean.kernel->algorithm->in),
        values_stride(tiles * kLeanChannels + kApart),
        products_stride(tiles * columns + kApart),
        half(2 * kLeanChannels * 3 * lean.lanes) {}

  int64_t tiles, columns;
  int64_t blocks;  // of channels
  int64_t points;
  int64_t values_stride, products_stride;  // from point to point
  int64_t half;                            // LeanBlock::half
};

// What all workers read, then what each has for itself.
struct LeanScratch {
  float* values;           // [block][point][tile][channel]
  float** outputs;         // [tile][output of a tile], those in the map first
  const float** residual;  // likewise
  float* half;             // LeanBlock::half
  float* products;         // [point][tile][column]
  float* sums;             // [output of a tile][column]
};

class LeanLayout {
 public:
  LeanLayout(const LeanGrid& grid, const WinogradAlgorithm& algorithm)
      : LeanLayout(grid, algorithm.out * algorithm.out) {}

  size_t bytes(int threads) const { return shared() + static_cast<size_t>(threads) * own(); }
  LeanScratch scratch(std::byte* base, int worker) const {
    std::byte* mine = base + shared() + static_cast<size_t>(worker) * own();
    return {reinterpret_cast<float*>(base),
            reinterpret_cast<float**>(base + values_),
            reinterpret_cast<const float**>(base + values_ + pointers_),
            reinterpret_cast<float*>(mine),
            reinterpret_cast<float*>(mine + half_),
            reinterpret_cast<float*>(mine + half_ + products_)};
  }

 private:
  LeanLayout(const LeanGrid& grid, int64_t tile_outputs)
      : values_(floats(grid.blocks * grid.points * grid.values_stride)),
        pointers_(align_up(static_cast<size_t>(grid.tiles * tile_outputs) * sizeof(float*))),
        half_(floats(grid.half)),
        products_(floats(grid.points * grid.products_stride)),
        sums_(floats(tile_outputs * grid.columns)) {}
  static size_t floats(int64_t count) {
    return align_up(static_cast<size_t>(count) * sizeof(float));
  }
  size_t shared() const { return values_ + 2 * pointers_; }
  size_t own() const { return half_ + products_ + sums_; }

  size_t values_, pointers_, half_, products_, sums_;
};

class LeanRun {
 public:
  LeanRun(const LeanWinograd& lean, const ConvProblem& problem, const PackedConv& packed,
          const ConvMaps& maps)
      : tiles(*lean.kernel, problem, maps),
        packing(lean, problem),
        grid(lean, problem),
        layout(grid, *lean.kernel->algorithm),
        lean_(lean),
        problem_(problem),
        packed_(packed.floats()) {}

  void transform_input(int64_t tile, const LeanScratch& scratch) const;
  void compute(int64_t panel, const LeanScratch& scratch) const;

  const WinogradTiles tiles;
  const LeanPacking packing;
  const LeanGrid grid;
  const LeanLayout layout;

 private:
  void multiply(int64_t panel, int64_t block, const LeanScratch& scratch) const;

  int64_t channels_of(int64_t block) const {
    return std::min(kLeanChannels, problem_.in_channels - block * kLeanChannels);
  }
  float* values_of(int64_t block, const LeanScratch& scratch) const {
    return scratch.values + block * grid.points * grid.values_stride;
  }

  const LeanWinograd& lean_;
  const ConvProblem& problem_;
  const float* packed_;
};

void LeanRun::transform_input(int64_t tile, const LeanScratch& scratch) const {
  for (int64_t block = 0; block < grid.blocks; ++block)
    lean_.kernel->input(tiles.window(tile, block * kLeanChannels, channels_of(block),
                                     values_of(block, scratch) + tile * kLeanChannels,
                                     grid.values_stride));
  tiles.point_at_outputs(tile, scratch.outputs + tile * tiles.outputs(),
                         scratch.residual + tile * tiles.outputs());
}

// A block of channels of one panel, added to those before.
void LeanRun::multiply(int64_t panel, int64_t block, const LeanScratch& scratch) const {
  const float* taps = packed_ + panel * packing.panel + block * kLeanChannels * kTaps * lean_.lanes;
  for (int64_t column = 0; column < tiles.columns_of(panel);
       column += lean_.lanes, taps += packing.vector)
    lean_.multiply({taps, channels_of(block), grid.tiles, values_of(block, scratch),
                    grid.values_stride, scratch.products + column, grid.products_stride,
                    grid.columns, block > 0, scratch.half});
}

void LeanRun::compute(int64_t panel, const LeanScratch& scratch) const {
  for (int64_t block = 0; block < grid.blocks; ++block) multiply(panel, block, scratch);
  const int64_t outputs = tiles.outputs();
  for (int64_t t = 0; t < grid.tiles; ++t)
    tiles.finish(t, panel,
                 {scratch.products + t * grid.columns, grid.products_stride,
                  packed_ + packing.bias + panel * grid.columns, scratch.outputs + t * outputs,
                  scratch.residual + t * outputs, scratch.sums});
}

}  // namespace

size_t lean_winograd_packed_bytes(const LeanWinograd& lean, const ConvProblem& problem) {
  return static_cast<size_t>(LeanPacking(lean, problem).total) * sizeof(float);
}

void lean_winograd_pack(const LeanWinograd& lean, const ConvProblem& problem, const float* weights,
                        const float* bias, float* packed) {
  const LeanPacking packing(lean, problem);
  const int64_t lanes = lean.lanes, taps = problem.in_channels * kTaps;
  if (bias) std::copy_n(bias, problem.out_channels, packed + packing.bias);
  for (int64_t o = 0; o < problem.out_channels; ++o) {
    float* target = packed + o / lanes * packing.vector + o % lanes;
    for (int64_t i = 0; i < taps; ++i) target[i * lanes] = weights[o * taps + i];
  }
}

size_t lean_winograd_scratch_bytes(const LeanWinograd& lean, const ConvProblem& problem,
                                   int threads) {
  return LeanLayout(LeanGrid(lean, problem), *lean.kernel->algorithm).bytes(threads);
}

void lean_winograd_run(const LeanWinograd& lean, const ConvProblem& problem,
                       const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                       std::span<std::byte> scratch) {
  const LeanRun run(lean, problem, packed, maps);
  assert(scratch.size() >= run.layout.bytes(pool.threads()));
  const LeanScratch shared = run.layout.scratch(scratch.data(), 0);
  pool.parallel_for(run.grid.tiles, [&](int64_t tile, int) { run.transform_input(tile, shared); });
  pool.parallel_for(run.packing.panels, [&](int64_t panel, int worker) {
    run.compute(panel, run.layout.scratch(scratch.data(), worker));
  });
}

}  // namespace shrike::kernels
