#include "kernels/qconv/word_direct.h"

#include <algorithm>
#include <cstdlib>

#include "kernels/qconv/direct_driver.h"
#include "kernels/qconv/direct_geometry.h"
#include "kernels/qconv/word_packing.h"

namespace shrike::kernels {

namespace {

WordPacking layout_of(const QTileKernel& tile, const DirectPacking& packing) {
  return WordPacking(packing.all_panels * tile.columns, packing.all_panels,
                     packing.all_panels * packing.panel_bytes / 2);
}

// Steps of two products, each at most 2^15 * largest, whose sum an int32 holds.
int64_t block_steps(int64_t largest) {
  return largest == 0 ? INT32_MAX : std::max<int64_t>(1, INT32_MAX / (65536 * largest));
}

}  // namespace

PackedConv word_direct_pack(const QTileKernel& tile, const WordConvProblem& problem,
                            const WordConvWeights& weights) {
  const DirectPacking packing(tile, problem);
  const WordPacking layout = layout_of(tile, packing);
  std::shared_ptr<std::byte> bytes = allocate_aligned(layout.total);  // zeroed: so is what pads
  *WordPacking::at<WordRule>(bytes.get(), 0) = make_word_rule(problem);
  std::vector<int64_t> largest(static_cast<size_t>(packing.all_panels), 0);
  const int64_t each = problem.group_in() * problem.taps();
  for (int64_t o = 0; o < problem.out_channels; ++o) {
    const DirectPacking::Place place = packing.place(tile, problem, o);
    const int64_t index = place.panel * tile.columns + place.column;
    WordPacking::at<float>(bytes.get(), layout.scales)[index] =
        problem.in_scale * weights.scales[o];
    if (weights.bias)
      WordPacking::at<double>(bytes.get(), layout.bias)[index] =
          static_cast<double>(weights.bias[o]);
    const int16_t* source = weights.values + o * each;
    pack_column(tile, problem, packing, source, place,
                WordPacking::at<int16_t>(bytes.get(), layout.weights));
    int64_t& most = largest[static_cast<size_t>(place.panel)];
    for (int64_t i = 0; i < each; ++i) most = std::max<int64_t>(most, std::abs(source[i]));
  }
  std::transform(largest.begin(), largest.end(),
                 WordPacking::at<int64_t>(bytes.get(), layout.block_steps), block_steps);
  return {std::move(bytes), layout.total};
}

size_t word_direct_scratch_bytes(const QTileKernel& tile, const WordConvProblem& problem,
                                 int threads) {
  return direct_scratch_bytes(tile, problem, threads);
}

void word_direct_run(const QTileKernel& tile, const WordConvProblem& problem,
                     const PackedConv& packed, const WordConvMaps& maps, ThreadPool& pool,
                     std::span<std::byte> scratch) {
  const WordPacking layout = layout_of(tile, DirectPacking(tile, problem));
  const std::byte* bytes = packed.bytes.get();
  const auto* rule = WordPacking::at<const WordRule>(bytes, 0);
  const QOutput output = problem.floats ? QOutput::kFloats : QOutput::kBytes;
  DirectLayer layer{0, output, rule->kind, {}, sizeof(double)};
  layer.first.weights = bytes + layout.weights;
  layer.first.constants = bytes + layout.bias;
  layer.first.scales = WordPacking::at<const float>(bytes, layout.scales);
  layer.first.word_rule = rule;
  layer.block_steps = WordPacking::at<const int64_t>(bytes, layout.block_steps);
  const DirectMaps raw{
      map_of_bytes<const std::byte>(maps.input),
      problem.floats ? map_of_bytes<std::byte>(maps.floats) : map_of_bytes<std::byte>(maps.output),
      map_of_bytes<const std::byte>(maps.residual),
      problem.floats ? int64_t{sizeof(float)} : int64_t{sizeof(int16_t)}};
  direct_run(tile, problem, layer, raw, pool, scratch);
}

}  // namespace shrike::kernels
