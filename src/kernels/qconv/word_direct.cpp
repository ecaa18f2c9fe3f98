#include "kernels/qconv/word_direct.h"

#include <algorithm>

#include "kernels/qconv/direct_driver.h"
#include "kernels/qconv/direct_geometry.h"
#include "kernels/qconv/word_packing.h"
#include "kernels/qconv/word_rule.h"

namespace shrike::kernels {

namespace {

constexpr int kMaxColumns = 32;

WordPacking layout_of(const QTileKernel& tile, const DirectPacking& packing) {
  return WordPacking(packing.all_panels, tile.columns,
                     packing.all_panels * packing.panel_bytes / 2);
}

}  // namespace

void word_direct_pack(const QTileKernel& tile, const WordConvProblem& problem,
                      const WordConvWeights& weights, std::byte* packed) {
  const DirectPacking packing(tile, problem);
  const WordPacking layout = layout_of(tile, packing);
  auto* words = WordPacking::at<int16_t>(packed, layout.weights);
  auto* scales = WordPacking::at<float>(packed, layout.scales);
  const int64_t each = problem.group_in() * problem.taps();
  for (int64_t o = 0; o < problem.out_channels; ++o) {
    const DirectPacking::Place place = packing.place(tile, problem, o);
    scales[place.panel * tile.columns + place.column] = problem.in_scale * weights.scales[o];
    if (weights.bytes) {
      pack_column(tile, problem, packing, weights.bytes + o * each, place, words);
    } else {
      pack_column(tile, problem, packing, weights.values + o * each, place, words);
    }
  }
  for (int64_t p = 0; p < packing.all_panels; ++p) {
    int64_t constants[kMaxColumns] = {};
    const int64_t group = p / packing.panels, column = p % packing.panels * tile.columns;
    const int64_t count = std::min<int64_t>(tile.columns, problem.group_out() - column);
    for (int64_t j = 0; j < count; ++j)
      constants[j] = constant_of(problem, weights, group * problem.group_out() + column + j);
    WordPacking::at<int64_t>(packed, layout.block_steps)[p] = split_constants(
        problem, words + p * packing.panel_bytes / 2, packing.runs * packing.steps, tile.columns,
        constants, WordPacking::at<int32_t>(packed, layout.constants) + 2 * p * tile.columns);
  }
}

size_t word_direct_packed_bytes(const QTileKernel& tile, const WordConvProblem& problem) {
  return layout_of(tile, DirectPacking(tile, problem)).total;
}

double word_direct_cost(const QTileKernel& tile, const WordConvProblem& problem) {
  const DirectPacking packing(tile, problem);
  const int64_t inputs = packing.runs * packing.steps * tile.step_elements();
  const int64_t outputs = problem.groups * divide_up(problem.group_out(), 16) * 16;
  return static_cast<double>(problem.out_height * problem.out_width * inputs * outputs);
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
  const WordRule rule = make_word_rule(problem);
  DirectLayer layer{problem.in_zero, QOutput::kBytes, RuleKind::kIdentity, {}, 2, nullptr};
  layer.first.weights = bytes + layout.weights;
  layer.first.constants = WordPacking::at<const int32_t>(bytes, layout.constants);
  layer.first.scales = WordPacking::at<const float>(bytes, layout.scales);
  layer.first.word_rule = &rule;
  layer.block_steps = WordPacking::at<const int64_t>(bytes, layout.block_steps);
  const DirectMaps raw{
      problem.bytes_in ? map_of_bytes<const std::byte>(maps.bytes)
                       : map_of_bytes<const std::byte>(maps.input),
      problem.floats ? map_of_bytes<std::byte>(maps.floats) : map_of_bytes<std::byte>(maps.output),
      map_of_bytes<const std::byte>(maps.residual),
      problem.floats ? int64_t{sizeof(float)} : int64_t{sizeof(int16_t)}, sizeof(int16_t)};
  direct_run(tile, problem, layer, raw, pool, scratch);
}

}  // namespace shrike::kernels
