#include "kernels/winograd/winograd.h"

#include <algorithm>
#include <cassert>

#include "base/tensor.h"
#include "kernels/winograd/geometry.h"
#include "kernels/winograd/tiles.h"
#include "kernels/winograd/units.h"

namespace shrike::kernels {

namespace {

// Bytes of one worker's scratch, and its parts where `base` is given.
size_t lay_out_scratch(const WinogradKernel& kernel, const WinogradGrid& grid, std::byte* base,
                       WinogradScratch* scratch) {
  const auto bytes = [](int64_t count, size_t each) {
    return align_up(static_cast<size_t>(count) * each);
  };
  const int64_t outputs = kernel.algorithm->out * kernel.algorithm->out;
  const size_t values = bytes(grid.points * grid.values_stride, sizeof(float));
  const size_t products = bytes(grid.points * grid.products_stride, sizeof(float));
  const size_t sums = bytes(outputs * kernel.tile->columns, sizeof(float));
  const size_t pointers = bytes(grid.block * outputs, sizeof(float*));
  if (scratch) {
    std::byte* behind = base + values + products + sums;
    *scratch = {reinterpret_cast<float*>(base), reinterpret_cast<float*>(base + values),
                reinterpret_cast<float*>(base + values + products),
                reinterpret_cast<float**>(behind),
                reinterpret_cast<const float**>(behind + pointers)};
  }
  return values + products + sums + 2 * pointers;
}

// One call of winograd_run, the same for all workers.
class WinogradRun : public WinogradWithoutStarts {
 public:
  using Unit = WinogradUnits::Unit;

  WinogradRun(const WinogradKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
              const ConvMaps& maps, std::span<std::byte> scratch, bool pooled)
      : kernel_(kernel),
        algorithm_(*kernel.algorithm),
        tile_(*kernel.tile),
        problem_(problem),
        packing_(kernel, problem),
        grid_(kernel, problem),
        tiles_(kernel, problem, maps, pooled),
        packed_(packed.floats()),
        scratch_(scratch) {}

  // What compute_units() calls.
  void transform(int place, const Unit& unit, int64_t t) const;
  void compute(int place, int worker, const Unit& unit) const;

 private:
  WinogradScratch scratch_of(int worker) const;
  void multiply(const WinogradScratch& scratch, const Unit& unit, int64_t panel) const;

  const WinogradKernel& kernel_;
  const WinogradAlgorithm& algorithm_;
  const TileKernel& tile_;
  const ConvProblem& problem_;
  const WinogradPacking packing_;
  const WinogradGrid grid_;
  const WinogradTiles tiles_;
  const float* packed_;
  std::span<std::byte> scratch_;
};

WinogradScratch WinogradRun::scratch_of(int worker) const {
  const size_t stride = lay_out_scratch(kernel_, grid_, nullptr, nullptr);
  WinogradScratch own;
  lay_out_scratch(kernel_, grid_, scratch_.data() + static_cast<size_t>(worker) * stride, &own);
  return own;
}

void WinogradRun::multiply(const WinogradScratch& scratch, const Unit& unit, int64_t panel) const {
  const int* weight_of = algorithm_.weight_of;
  const TileGrid::Users users(tiles_.grid(), unit.first, unit.last);
  for (int i = 0; i < algorithm_.in; ++i)
    for (int j = 0; j < algorithm_.in; ++j) {
      const int64_t point = i * algorithm_.in + j;
      const int64_t matrix = weight_of[i] * algorithm_.weights + weight_of[j];
      for (const TileGrid::Run& run : users.of(i, j)) {
        if (run.first >= run.last) continue;
        const int64_t skipped = run.first - unit.first;
        tile_.product({scratch.values + point * grid_.values_stride + skipped * grid_.channels,
                       grid_.channels, run.last - run.first, problem_.in_channels,
                       packing_.at(packed_, panel, matrix),
                       scratch.products + point * grid_.products_stride + skipped * tile_.columns,
                       tiles_.columns_of(panel)});
      }
    }
}

void WinogradRun::transform(int place, const Unit& unit, int64_t t) const {
  const WinogradScratch scratch = scratch_of(place);
  const int64_t tile = unit.first + t, outputs = tiles_.outputs();
  kernel_.input(tiles_.window(tile, 0, problem_.in_channels, scratch.values + t * grid_.channels,
                              grid_.values_stride));
  tiles_.point_at_outputs(tile, scratch.outputs + t * outputs, scratch.residual + t * outputs);
}

void WinogradRun::compute(int place, int worker, const Unit& unit) const {
  const WinogradScratch own = scratch_of(worker);
  WinogradScratch scratch = scratch_of(place);
  scratch.products = own.products;
  scratch.sums = own.sums;
  const int64_t outputs = tiles_.outputs();
  assert(unit.tiles() <= grid_.block);
  for (int64_t panel = unit.begin; panel < unit.end; ++panel) {
    multiply(scratch, unit, panel);
    for (int64_t t = 0; t < unit.tiles(); ++t)
      tiles_.finish(unit.first + t, panel,
                    {scratch.products + t * tile_.columns, grid_.products_stride,
                     packed_ + packing_.bias + panel * tile_.columns, scratch.outputs + t * outputs,
                     scratch.residual + t * outputs, scratch.sums});
  }
}

}  // namespace

size_t winograd_scratch_bytes(const WinogradKernel& kernel, const ConvProblem& problem,
                              int threads) {
  const WinogradGrid grid(kernel, problem);
  return static_cast<size_t>(threads) * lay_out_scratch(kernel, grid, nullptr, nullptr);
}

void winograd_run(const WinogradKernel& kernel, const ConvProblem& problem,
                  const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                  std::span<std::byte> scratch, bool pooled) {
  assert(scratch.size() >= winograd_scratch_bytes(kernel, problem, pool.threads()));
  const WinogradGrid grid(kernel, problem);
  const WinogradUnits units(grid.tiles, grid.block,
                            divide_up(problem.out_channels, kernel.tile->columns),
                            packed_weights(WinogradPacking(kernel, problem).bias), pool.threads());
  compute_units(units, pool, WinogradRun(kernel, problem, packed, maps, scratch, pooled));
}

}  // namespace shrike::kernels
