#include "kernels/qconv/direct.h"

#include "kernels/qconv/direct_driver.h"
#include "kernels/qconv/direct_geometry.h"
#include "kernels/qconv/packing.h"

namespace shrike::kernels {

namespace {

QPacking layout_of(const QTileKernel& tile, const DirectPacking& packing) {
  return QPacking(packing.all_panels * tile.columns, packing.all_panels * packing.panel_bytes);
}

// What a band of bytes leaves to be taken off: words have lost the zero already.
int zero_of(const QTileKernel& tile, const QConvProblem& problem) {
  return tile.element_bytes == 1 ? 0 : problem.in_zero;
}

}  // namespace

void qdirect_pack(const QTileKernel& tile, const QConvProblem& problem, const QConvWeights& weights,
                  std::byte* packed) {
  const DirectPacking packing(tile, problem);
  QPacker packer(layout_of(tile, packing), problem, weights, packed);
  const int64_t each = problem.group_in() * problem.taps();
  for (int64_t o = 0; o < problem.out_channels; ++o) {
    const DirectPacking::Place place = packing.place(tile, problem, o);
    packer.set_channel(place.panel * tile.columns + place.column, o, zero_of(tile, problem));
    const int8_t* source = weights.values + o * each;
    if (tile.element_bytes == 1) {
      pack_column(tile, problem, packing, source, place, packer.weights<int8_t>());
    } else {
      pack_column(tile, problem, packing, source, place, packer.weights<int16_t>());
    }
  }
}

size_t qdirect_packed_bytes(const QTileKernel& tile, const QConvProblem& problem) {
  return layout_of(tile, DirectPacking(tile, problem)).total;
}

double qdirect_cost(const QTileKernel& tile, const QConvProblem& problem) {
  const DirectPacking packing(tile, problem);
  const int64_t inputs = packing.runs * packing.steps * tile.step_elements();
  const int64_t outputs = problem.groups * divide_up(problem.group_out(), 16) * 16;
  return static_cast<double>(problem.out_height * problem.out_width * inputs * outputs) *
         (tile.element_bytes == 1 ? 0.5 : 1);
}

size_t qdirect_scratch_bytes(const QTileKernel& tile, const QConvProblem& problem, int threads) {
  return direct_scratch_bytes(tile, problem, threads);
}

void qdirect_run(const QTileKernel& tile, const QConvProblem& problem, const PackedConv& packed,
                 const QConvMaps& maps, ThreadPool& pool, std::span<std::byte> scratch) {
  const QPacking layout = layout_of(tile, DirectPacking(tile, problem));
  const bool bytes = problem.output == QOutput::kBytes;
  DirectLayer layer{problem.in_zero, problem.output, layout.rule(packed).kind, {}};
  layer.first.weights = layout.weights_of(packed);
  layer.first.constants = layout.constants_of(packed);
  layer.first.scales = layout.scales_of(packed);
  layer.first.rule = &layout.rule(packed);
  const DirectMaps raw{
      map_of_bytes<const std::byte>(maps.input),
      bytes ? map_of_bytes<std::byte>(maps.output) : map_of_bytes<std::byte>(maps.floats),
      map_of_bytes<const std::byte>(maps.residual), bytes ? 1 : int64_t{sizeof(float)}, 1};
  direct_run(tile, problem, layer, raw, pool, scratch);
}

}  // namespace shrike::kernels
