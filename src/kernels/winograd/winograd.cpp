#include "kernels/winograd/winograd.h"

#include <algorithm>
#include <cassert>

#include "base/tensor.h"
#include "kernels/winograd/geometry.h"
#include "kernels/winograd/tiles.h"

namespace shrike::kernels {

namespace {

// One call of winograd_run, the same for all workers.
class WinogradRun {
 public:
  WinogradRun(const WinogradKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
              const ConvMaps& maps, bool pooled)
      : kernel_(kernel),
        algorithm_(*kernel.algorithm),
        tile_(*kernel.tile),
        problem_(problem),
        packing_(kernel, problem),
        grid_(kernel, problem),
        tiles_(kernel, problem, maps, pooled),
        packed_(packed.floats()) {}

  // The input of a unit's tile t, for all panels.
  void transform(const WinogradScratch& scratch, int64_t first, int64_t t) const;
  // A unit's panels, its tiles having been transformed.
  void compute(const WinogradScratch& scratch, const WinogradUnits::Unit& unit) const;

 private:
  void multiply(const WinogradScratch& scratch, int64_t first, int64_t last, int64_t panel) const;

  const WinogradKernel& kernel_;
  const WinogradAlgorithm& algorithm_;
  const TileKernel& tile_;
  const ConvProblem& problem_;
  const WinogradPacking packing_;
  const WinogradGrid grid_;
  const WinogradTiles tiles_;
  const float* packed_;
};

void WinogradRun::multiply(const WinogradScratch& scratch, int64_t first, int64_t last,
                           int64_t panel) const {
  const int* weight_of = algorithm_.weight_of;
  const TileGrid::Users users(tiles_.grid(), first, last);
  for (int i = 0; i < algorithm_.in; ++i)
    for (int j = 0; j < algorithm_.in; ++j) {
      const int64_t point = i * algorithm_.in + j;
      const int64_t matrix = weight_of[i] * algorithm_.weights + weight_of[j];
      for (const TileGrid::Run& run : users.of(i, j)) {
        if (run.first >= run.last) continue;
        const int64_t skipped = run.first - first;
        tile_.product({scratch.values + point * grid_.values_stride + skipped * grid_.channels,
                       grid_.channels, run.last - run.first, problem_.in_channels,
                       packing_.at(packed_, panel, matrix),
                       scratch.products + point * grid_.products_stride + skipped * tile_.columns,
                       tiles_.columns_of(panel)});
      }
    }
}

void WinogradRun::transform(const WinogradScratch& scratch, int64_t first, int64_t t) const {
  const int64_t outputs = tiles_.outputs();
  kernel_.input(tiles_.window(first + t, 0, problem_.in_channels,
                              scratch.values + t * grid_.channels, grid_.values_stride));
  tiles_.point_at_outputs(first + t, scratch.outputs + t * outputs, scratch.residual + t * outputs);
}

void WinogradRun::compute(const WinogradScratch& scratch, const WinogradUnits::Unit& unit) const {
  const int64_t count = unit.last - unit.first, outputs = tiles_.outputs();
  assert(count <= grid_.block);
  for (int64_t panel = unit.begin; panel < unit.end; ++panel) {
    multiply(scratch, unit.first, unit.last, panel);
    for (int64_t t = 0; t < count; ++t)
      tiles_.finish(unit.first + t, panel,
                    {scratch.products + t * tile_.columns, grid_.products_stride,
                     packed_ + packing_.bias + panel * tile_.columns, scratch.outputs + t * outputs,
                     scratch.residual + t * outputs, scratch.sums});
  }
}

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
  const WinogradRun run(kernel, problem, packed, maps, pooled);
  const WinogradGrid grid(kernel, problem);
  const WinogradUnits units(grid.tiles, grid.block,
                            divide_up(problem.out_channels, kernel.tile->columns),
                            WinogradPacking(kernel, problem).bias > kNearFloats, pool.threads());
  const size_t stride = lay_out_scratch(kernel, grid, nullptr, nullptr);
  const auto of_worker = [&](int worker) {
    WinogradScratch own;
    lay_out_scratch(kernel, grid, scratch.data() + static_cast<size_t>(worker) * stride, &own);
    return own;
  };
  const WinogradScratch shared = of_worker(0);
  if (units.share_inputs())
    pool.parallel_for(grid.tiles, [&](int64_t tile, int) { run.transform(shared, 0, tile); });
  pool.parallel_for(units.count(), [&](int64_t index, int worker) {
    const WinogradScratch own = of_worker(worker);
    const WinogradUnits::Unit unit = units.unit(index);
    WinogradScratch mine = units.share_inputs() ? shared : own;
    mine.products = own.products;
    mine.sums = own.sums;
    if (!units.share_inputs())
      for (int64_t t = 0; t < unit.last - unit.first; ++t) run.transform(mine, unit.first, t);
    run.compute(mine, unit);
  });
}

}  // namespace shrike::kernels
