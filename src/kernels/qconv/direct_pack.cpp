#include <algorithm>

#include "kernels/qconv/direct.h"
#include "kernels/qconv/direct_geometry.h"

namespace shrike::kernels {

namespace {

// What a band of bytes leaves to be taken off: words have lost the zero already.
int zero_of(const QTileKernel& tile, const QConvProblem& problem) {
  return tile.element_bytes == 1 ? 0 : problem.in_zero;
}

// One output's weights into its column of a panel, run by run.
template <typename Element>
void pack_column(const QTileKernel& tile, const QConvProblem& problem, const DirectPacking& packing,
                 const int8_t* source, Element* panel) {
  const int64_t step = tile.step_elements();
  for (int64_t tap = 0; tap < problem.taps(); ++tap)
    for (int64_t c = 0; c < problem.group_in(); ++c) {
      const int64_t run = tap / packing.run_taps;
      const int64_t place = tap % packing.run_taps * problem.group_in() + c;
      const int64_t index = run * packing.steps + place / step;
      panel[index * tile.columns * step + place % step] = source[c * problem.taps() + tap];
    }
}

}  // namespace

PackedConv qdirect_pack(const QTileKernel& tile, const QConvProblem& problem,
                        const QConvWeights& weights) {
  const DirectPacking packing(tile, problem);
  QPacker packer(packing.layout, problem, weights);
  const int64_t each = problem.group_in() * problem.taps();
  for (int64_t o = 0; o < problem.out_channels; ++o) {
    const int64_t within = o % problem.group_out(), column = within % tile.columns;
    const int64_t panel = o / problem.group_out() * packing.panels + within / tile.columns;
    packer.set_channel(panel * tile.columns + column, o, zero_of(tile, problem));
    const int8_t* source = weights.values + o * each;
    const int64_t offset = panel * packing.panel_bytes + column * 4;
    if (tile.element_bytes == 1) {
      pack_column(tile, problem, packing, source, packer.weights<int8_t>() + offset);
    } else {
      pack_column(tile, problem, packing, source, packer.weights<int16_t>() + offset / 2);
    }
  }
  return packer.finish();
}

}  // namespace shrike::kernels
