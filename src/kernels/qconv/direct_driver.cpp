#include "kernels/qconv/direct_driver.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "base/tensor.h"
#include "kernels/qconv/direct_geometry.h"

namespace shrike::kernels {

namespace {

// One worker's scratch.
struct DirectScratch {
  std::byte* band;             // [row][pixel][element] of one group's channels
  const std::byte** inputs;    // [pixel]
  std::byte** outputs;         // [pixel]
  const std::byte** residual;  // [pixel]
  int64_t* offsets;            // [run]
  std::byte* nowhere;          // where pixels go that only fill a tile
};

// Bytes of it, and its parts where `base` is given.
size_t lay_out_scratch(const QTileKernel& tile, const ConvProblem& problem, const DirectGrid& grid,
                       std::byte* base, DirectScratch* scratch) {
  const size_t band = align_up(grid.band_bytes);
  const size_t pointers = align_up(static_cast<size_t>(grid.pixels) * sizeof(std::byte*));
  const size_t offsets = align_up(static_cast<size_t>(problem.taps()) * sizeof(int64_t));
  const auto columns = divide_up(problem.group_out(), tile.columns) * tile.columns;
  const size_t nowhere = align_up(static_cast<size_t>(columns) * sizeof(float));
  if (scratch) {
    std::byte* lists = base + band;
    *scratch = {base,
                reinterpret_cast<const std::byte**>(lists),
                reinterpret_cast<std::byte**>(lists + pointers),
                reinterpret_cast<const std::byte**>(lists + 2 * pointers),
                reinterpret_cast<int64_t*>(lists + 3 * pointers),
                lists + 3 * pointers + offsets};
  }
  return band + 3 * pointers + offsets + nowhere;
}

// Where each output pixel is made of one input pixel and rows follow each other without a gap, the
// map is one long row.
void flatten(ConvProblem& p, const DirectMaps& maps) {
  const auto dense = [](const auto& map) { return map.row_stride == map.width * map.pixel_stride; };
  const bool pointwise = p.taps() == 1 && p.stride_h == 1 && p.stride_w == 1 && p.pad_top == 0 &&
                         p.pad_left == 0 && p.in_height == p.out_height &&
                         p.in_width == p.out_width;
  const bool residual = p.residual == Residual::kNone || dense(maps.residual);
  if (!pointwise || !dense(maps.input) || !dense(maps.output) || !residual) return;
  p.in_width = p.out_width = p.out_height * p.out_width;
  p.in_height = p.out_height = 1;
}

// One call of direct_run, the same for all workers.
class DirectRun {
 public:
  DirectRun(const QTileKernel& tile, const ConvProblem& problem, const DirectLayer& layer,
            const DirectMaps& maps, const DirectGrid& grid)
      : tile_(tile),
        problem_(problem),
        layer_(layer),
        maps_(maps),
        grid_(grid),
        packing_(tile, problem),
        add_(problem.residual != Residual::kNone) {}

  // Panels [begin, end) of group `group` for block `block`.
  void compute(const DirectScratch& scratch, int64_t group, int64_t block, int64_t begin,
               int64_t end) const;

 private:
  struct Block {
    int64_t y, x, rows, columns;  // in outputs
  };

  Block block_at(int64_t index) const {
    const int64_t y = index / grid_.across * grid_.rows, x = index % grid_.across * grid_.columns;
    return {y, x, std::min(grid_.rows, problem_.out_height - y),
            std::min(grid_.columns, problem_.out_width - x)};
  }
  void fill_band(const Block& block, int64_t group, std::byte* band) const;
  void fill_row(const std::byte* row, int64_t x, int64_t count, std::byte* target) const;
  void point_at_inputs(const Block& block, int64_t group, const DirectScratch& scratch) const;
  int64_t point_at_outputs(const Block& block, int64_t group, const DirectScratch& scratch) const;

  const QTileKernel& tile_;
  const ConvProblem& problem_;
  const DirectLayer& layer_;
  const DirectMaps& maps_;
  const DirectGrid& grid_;
  const DirectPacking packing_;
  const bool add_;
};

// Input pixels [x, x + count) of a row, those outside as the zero.
void DirectRun::fill_row(const std::byte* row, int64_t x, int64_t count, std::byte* target) const {
  // Words that were bytes have lost their zero.
  const int zero = tile_.element_bytes == tile_.map_bytes ? layer_.in_zero : 0;
  const auto fill = [&](int64_t from, int64_t to) {
    const int64_t bytes = (to - from) * grid_.band_pixel;
    std::byte* first = target + from * grid_.band_pixel;
    if (bytes <= 0) return;
    if (tile_.element_bytes == 1 || zero == 0) {
      std::memset(first, zero, static_cast<size_t>(bytes));
    } else {
      std::fill_n(reinterpret_cast<int16_t*>(first), bytes / 2, static_cast<int16_t>(zero));
    }
  };
  const int64_t begin = row ? std::clamp<int64_t>(-x, 0, count) : count;
  const int64_t end = row ? std::clamp<int64_t>(problem_.in_width - x, begin, count) : count;
  fill(0, begin);
  fill(end, count);
  if (begin == end) return;
  const int64_t channels = problem_.group_in(), stride = maps_.input.pixel_stride;
  const std::byte* source = row + (x + begin) * stride;
  target += begin * grid_.band_pixel;
  if (stride == channels * tile_.map_bytes)
    return tile_.copy(source, (end - begin) * channels, layer_.in_zero, target);
  for (int64_t i = begin; i < end; ++i, source += stride, target += grid_.band_pixel)
    tile_.copy(source, channels, layer_.in_zero, target);
}

void DirectRun::fill_band(const Block& block, int64_t group, std::byte* band) const {
  const int64_t reach_h = (problem_.kernel_h - 1) * problem_.dilation_h;
  const int64_t reach_w = (problem_.kernel_w - 1) * problem_.dilation_w;
  const int64_t y = block.y * problem_.stride_h - problem_.pad_top;
  const int64_t x = block.x * problem_.stride_w - problem_.pad_left;
  const int64_t rows = (block.rows - 1) * problem_.stride_h + reach_h + 1;
  const int64_t columns = (block.columns - 1) * problem_.stride_w + reach_w + 1;
  for (int64_t i = 0; i < rows; ++i, band += grid_.band_row) {
    const bool exists = y + i >= 0 && y + i < problem_.in_height;
    fill_row(
        exists ? maps_.input.at(y + i, 0) + group * problem_.group_in() * tile_.map_bytes : nullptr,
        x, columns, band);
  }
}

void DirectRun::point_at_inputs(const Block& block, int64_t group,
                                const DirectScratch& scratch) const {
  const std::byte* base = scratch.band;
  int64_t row = grid_.band_row, pixel = grid_.band_pixel;
  if (grid_.in_place) {
    row = maps_.input.row_stride;
    pixel = maps_.input.pixel_stride;
    base = maps_.input.at(block.y * problem_.stride_h, block.x * problem_.stride_w) +
           group * problem_.group_in() * tile_.map_bytes;
  }
  int64_t* offset = scratch.offsets;
  for (int64_t i = 0; i < problem_.kernel_h; ++i)
    for (int64_t j = 0; j < problem_.kernel_w; j += packing_.run_taps)
      *offset++ = i * problem_.dilation_h * row + j * problem_.dilation_w * pixel;
  const std::byte** input = scratch.inputs;
  for (int64_t y = 0; y < block.rows; ++y, base += problem_.stride_h * row)
    for (int64_t x = 0; x < block.columns; ++x) *input++ = base + x * problem_.stride_w * pixel;
}

// Also fills the last tile up. Returns the number of tiles.
int64_t DirectRun::point_at_outputs(const Block& block, int64_t group,
                                    const DirectScratch& scratch) const {
  const int64_t channel = group * problem_.group_out();
  int64_t n = 0;
  for (int64_t y = block.y; y < block.y + block.rows; ++y)
    for (int64_t x = block.x; x < block.x + block.columns; ++x, ++n) {
      scratch.outputs[n] = maps_.output.at(y, x) + channel * maps_.output_bytes;
      if (add_) scratch.residual[n] = maps_.residual.at(y, x) + channel * maps_.residual_bytes;
    }
  const int64_t last = n - 1, tiles = divide_up(n, tile_.rows);
  for (; n < tiles * tile_.rows; ++n) {
    scratch.inputs[n] = scratch.inputs[last];
    scratch.outputs[n] = scratch.nowhere;
    if (add_) scratch.residual[n] = scratch.residual[last];
  }
  return tiles;
}

void DirectRun::compute(const DirectScratch& scratch, int64_t group, int64_t index, int64_t begin,
                        int64_t end) const {
  const Block block = block_at(index);
  if (!grid_.in_place) fill_band(block, group, scratch.band);
  point_at_inputs(block, group, scratch);
  const int64_t tiles = point_at_outputs(block, group, scratch);
  for (int64_t p = begin; p < end; ++p) {
    const int64_t panel = group * packing_.panels + p, column = p * tile_.columns;
    const int64_t count = std::min<int64_t>(tile_.columns, problem_.group_out() - column);
    const QTileFunction function = tile_.function(layer_.output, layer_.kind, add_, count);
    QTile tile = layer_.first;
    tile.offsets = scratch.offsets;
    tile.runs = packing_.runs;
    tile.steps = packing_.steps;
    tile.weights += panel * packing_.panel_bytes;
    tile.constants += panel * tile_.columns * layer_.constant_rows;
    tile.scales += panel * tile_.columns;
    tile.column = column;
    tile.count = count;
    if (layer_.block_steps) tile.block_steps = layer_.block_steps[panel];
    for (int64_t t = 0; t < tiles; ++t) {
      tile.inputs = scratch.inputs + t * tile_.rows;
      tile.outputs = scratch.outputs + t * tile_.rows;
      tile.residual = scratch.residual + t * tile_.rows;
      function(tile);
    }
  }
}

}  // namespace

size_t direct_scratch_bytes(const QTileKernel& tile, const ConvProblem& problem, int threads) {
  // A map that is not dense is taken in two dimensions.
  ConvProblem flat = problem;
  flatten(flat, {});
  // Fewer threads have larger blocks: it must do for them as well.
  size_t most = 0;
  for (int count = 1; count <= threads; ++count) {
    const auto size = [&](const ConvProblem& p) {
      return lay_out_scratch(tile, p, DirectGrid(tile, p, count), nullptr, nullptr);
    };
    most = std::max(most, static_cast<size_t>(count) * std::max(size(problem), size(flat)));
  }
  return most;
}

void direct_run(const QTileKernel& tile, const ConvProblem& given, const DirectLayer& layer,
                const DirectMaps& maps, ThreadPool& pool, std::span<std::byte> scratch) {
  assert(scratch.size() >= direct_scratch_bytes(tile, given, pool.threads()));
  ConvProblem problem = given;
  flatten(problem, maps);
  const DirectGrid grid(tile, problem, pool.threads());
  const DirectRun run(tile, problem, layer, maps, grid);
  const int64_t panels = divide_up(problem.group_out(), tile.columns);
  const int64_t blocks = grid.down * grid.across;
  // Small maps are also divided by outputs.
  const int64_t wanted = pool.threads() > 1 ? 4 * pool.threads() : 1;
  const int64_t parts = std::clamp<int64_t>(
      divide_up(wanted, std::max<int64_t>(1, problem.groups * blocks)), 1, panels);
  const size_t stride = lay_out_scratch(tile, problem, grid, nullptr, nullptr);
  pool.parallel_for(problem.groups * blocks * parts, [&](int64_t unit, int worker) {
    DirectScratch mine;
    lay_out_scratch(tile, problem, grid, scratch.data() + static_cast<size_t>(worker) * stride,
                    &mine);
    const int64_t part = unit % parts, block = unit / parts % blocks;
    run.compute(mine, unit / parts / blocks, block, panels * part / parts,
                panels * (part + 1) / parts);
  });
}

}  // namespace shrike::kernels
