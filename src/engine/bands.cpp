#include "engine/bands.h"

#include <algorithm>

#include "kernels/sizes.h"

namespace shrike {

namespace {

using kernels::ConvProblem;

// Rows of the input that the rows `out` are made of. At the end of the map all that are left: the
// last tile may read more than its outputs need.
Rows rows_read(const ConvProblem& problem, Rows out) {
  const int64_t reach = (problem.kernel_h - 1) * problem.dilation_h;
  const int64_t first = out.begin * problem.stride_h - problem.pad_top;
  const int64_t last = (out.end - 1) * problem.stride_h - problem.pad_top + reach;
  Rows in;
  in.begin = std::clamp<int64_t>(first, 0, problem.in_height - 1);
  in.end = std::clamp<int64_t>(last + 1, in.begin + 1, problem.in_height);
  if (out.end == problem.out_height) in.end = problem.in_height;
  return in;
}

Rows whole_tiles(Rows rows, int64_t tile, int64_t height) {
  return {rows.begin / tile * tile, std::min(height, kernels::divide_up(rows.end, tile) * tile)};
}

ConvProblem part_of(const ConvProblem& whole, Rows out, Rows in) {
  ConvProblem part = whole;
  part.in_height = in.count();
  part.out_height = out.count();
  part.pad_top = in.begin + whole.pad_top - out.begin * whole.stride_h;
  return part;
}

}  // namespace

std::vector<std::vector<BandPart>> split_into_bands(std::span<const BandLayer> layers,
                                                    int64_t rows) {
  const BandLayer& last = layers.back();
  const int64_t height = last.problem.out_height;
  const int64_t tile = last.kernel->tile_rows(last.problem);
  const int64_t each = kernels::divide_up(rows, tile) * tile;
  std::vector<std::vector<BandPart>> bands;
  for (int64_t begin = 0; begin < height; begin += each) {
    std::vector<BandPart> parts(layers.size());
    Rows wanted{begin, std::min(height, begin + each)};
    for (size_t i = layers.size(); i-- > 0;) {
      const ConvProblem& problem = layers[i].problem;
      parts[i].out = whole_tiles(wanted, layers[i].kernel->tile_rows(problem), problem.out_height);
      parts[i].in = wanted = rows_read(problem, parts[i].out);
      parts[i].problem = part_of(problem, parts[i].out, parts[i].in);
    }
    bands.push_back(std::move(parts));
  }
  return bands;
}

}  // namespace shrike
