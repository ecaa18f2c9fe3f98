#include "kernels/conv/igemm.h"

#include <algorithm>
#include <cassert>

#include "base/tensor.h"
#include "kernels/conv/igemm_geometry.h"
#include "kernels/conv/one_row.h"

namespace shrike::kernels {

namespace {

// Bytes of one worker's scratch, and its parts where `base` is given.
size_t lay_out_scratch(const TileKernel& tile, const ConvProblem& problem, std::byte* base,
                       IgemmScratch* scratch) {
  const auto pixels = static_cast<size_t>(igemm_block_pixels(tile, problem));
  const size_t pointers = align_up(pixels * static_cast<size_t>(problem.taps()) * sizeof(float*));
  const size_t per_pixel = align_up(pixels * sizeof(float*));
  const size_t sums =
      align_up(static_cast<size_t>(kFinishTiles * tile.rows * tile.columns) * sizeof(float));
  if (scratch)
    *scratch = {reinterpret_cast<const float**>(base), reinterpret_cast<float**>(base + pointers),
                reinterpret_cast<const float**>(base + pointers + per_pixel),
                reinterpret_cast<float*>(base + pointers + 2 * per_pixel)};
  return pointers + 2 * per_pixel + sums;
}

struct Pixel {
  int64_t y, x;  // of the output
};

// Asks for the cache lines of a range, a few at each step.
struct Prefetch {
  const char* next = nullptr;
  int64_t lines = 0, each = 0;

  void step() {
    for (int64_t i = 0; i < each && lines > 0; ++i, --lines, next += kLine)
      __builtin_prefetch(next, 0, 2);
  }
  static constexpr int64_t kLine = 64;  // bytes
};

// One call of igemm_run, the same for all workers.
class IgemmRun {
 public:
  IgemmRun(const TileKernel& tile, const ConvProblem& problem, const PackedConv& packed,
           const ConvMaps& maps)
      : tile_(tile),
        problem_(problem),
        maps_(maps),
        packing_(tile, problem),
        weights_(packed.floats()),
        reach_h_((problem.kernel_h - 1) * problem.dilation_h),
        reach_w_((problem.kernel_w - 1) * problem.dilation_w),
        rows_merge_(problem.dilation_w == 1 && maps.input.pixel_stride == problem.group_in()),
        finish_(tile.finish(problem.activation.kind)) {}

  // Output blocks [begin, end) of pixels [first, last).
  void compute(const IgemmScratch& scratch, int64_t group, int64_t first, int64_t last,
               int64_t begin, int64_t end) const;

 private:
  // A pixel's window: its first tap, which may lie outside the map, and that tap's offset in it.
  struct Window {
    int64_t y, x;
    int64_t offset;
  };

  Window window(const Pixel& pixel) const {
    const int64_t y = pixel.y * problem_.stride_h - problem_.pad_top;
    const int64_t x = pixel.x * problem_.stride_w - problem_.pad_left;
    return {y, x, y * maps_.input.row_stride + x * maps_.input.pixel_stride};
  }
  bool inside_x(int64_t x) const { return x >= 0 && x + reach_w_ < problem_.in_width; }
  bool inside_y(int64_t y) const { return y >= 0 && y + reach_h_ < problem_.in_height; }

  // Writes the tile's pointers and says how many runs of what length they are.
  IgemmTile describe(int64_t group, Pixel pixel, int row_count, const float** pointers) const;
  IgemmTile describe_row(int64_t group, const Window& first, int row_count,
                         const float** pointers) const;
  void point_checked(const Window* windows, const float* input, const IgemmTile& tile,
                     const float** pointers) const;
  IgemmTile tile_of(bool merge, int row_count, const float* const* pointers) const {
    const int64_t runs_w = merge ? 1 : problem_.kernel_w;
    const int64_t taps = merge ? problem_.kernel_w : 1;
    return {pointers, problem_.kernel_h * runs_w, runs_w, taps * problem_.group_in(), row_count, 0};
  }
  void describe_outputs(const IgemmScratch& scratch, int64_t group, Pixel pixel,
                        int64_t count) const;
  void advance(Pixel& pixel) const {
    if (++pixel.x == problem_.out_width) pixel = {pixel.y + 1, 0};
  }
  // The inputs of the pixels after `pixel`, spread over `steps` tiles. Only for maps that are one
  // row: elsewhere the processor's own prefetching does as well.
  Prefetch prefetch_of(int64_t pixel, int64_t steps) const {
    if (reach_w_ > 0 || problem_.out_height != 1 || pixel >= problem_.out_width) return {};
    const int64_t pixels =
        std::min(problem_.out_width - pixel, igemm_block_pixels(tile_, problem_));
    const int64_t bytes = pixels * maps_.input.pixel_stride * static_cast<int64_t>(sizeof(float));
    const int64_t lines = bytes / Prefetch::kLine;
    return {reinterpret_cast<const char*>(maps_.input.at(0, pixel)), lines,
            divide_up(lines, steps)};
  }
  void compute_tiles(const IgemmTile* tiles, int64_t count, const IgemmScratch& scratch,
                     int64_t group, int64_t block) const;

  const TileKernel& tile_;
  const ConvProblem& problem_;
  const ConvMaps& maps_;
  const IgemmPacking packing_;
  const float* weights_;
  const int64_t reach_h_, reach_w_;  // from a window's first tap to its last
  const bool rows_merge_;            // the taps of a kernel row are adjacent, padding apart
  const TileFinishFunction finish_;
};

IgemmTile IgemmRun::describe(int64_t group, Pixel pixel, int row_count,
                             const float** pointers) const {
  const Window first = window(pixel);
  const bool one_row = pixel.x + row_count <= problem_.out_width;
  const bool inside = one_row && first.x >= 0 && inside_y(first.y) &&
                      inside_x(first.x + (row_count - 1) * problem_.stride_w);
  if (inside) return describe_row(group, first, row_count, pointers);
  Window windows[kMaxTileRows];
  bool merge = rows_merge_;
  for (int r = 0; r < row_count; ++r, advance(pixel)) {
    windows[r] = window(pixel);
    merge = merge && inside_x(windows[r].x);
  }
  const IgemmTile tile = tile_of(merge, row_count, pointers);
  point_checked(windows, maps_.input.data + group * problem_.group_in(), tile, pointers);
  return tile;
}

// The common case, and the one that must be quick: neighbours whose windows lie inside the map.
IgemmTile IgemmRun::describe_row(int64_t group, const Window& first, int row_count,
                                 const float** pointers) const {
  const IgemmTile tile = tile_of(rows_merge_, row_count, pointers);
  const float* input = maps_.input.data + group * problem_.group_in() + first.offset;
  const int64_t step = problem_.stride_w * maps_.input.pixel_stride;
  for (int64_t i = 0; i < problem_.kernel_h; ++i)
    for (int64_t j = 0; j < tile.runs_w; ++j) {
      const float* tap = input + i * problem_.dilation_h * maps_.input.row_stride +
                         j * problem_.dilation_w * maps_.input.pixel_stride;
      for (int r = 0; r < row_count; ++r) *pointers++ = tap + r * step;
    }
  return tile;
}

void IgemmRun::point_checked(const Window* windows, const float* input, const IgemmTile& tile,
                             const float** pointers) const {
  const float* zeros = weights_ + packing_.zeros;
  for (int64_t i = 0; i < problem_.kernel_h; ++i)
    for (int64_t j = 0; j < tile.runs_w; ++j)
      for (int r = 0; r < tile.row_count; ++r) {
        const int64_t down = i * problem_.dilation_h, across = j * problem_.dilation_w;
        const int64_t y = windows[r].y + down, x = windows[r].x + across;
        const bool exists = y >= 0 && y < problem_.in_height && x >= 0 && x < problem_.in_width;
        *pointers++ = exists ? input + windows[r].offset + down * maps_.input.row_stride +
                                   across * maps_.input.pixel_stride
                             : zeros;
      }
}

void IgemmRun::describe_outputs(const IgemmScratch& scratch, int64_t group, Pixel pixel,
                                int64_t count) const {
  const int64_t channel = group * problem_.group_out();
  const bool add = problem_.residual != Residual::kNone;
  for (int64_t i = 0; i < count; pixel = {pixel.y + 1, 0}) {
    float* output = maps_.output.at(pixel.y, pixel.x) + channel;
    const float* residual = add ? maps_.residual.at(pixel.y, pixel.x) + channel : nullptr;
    const int64_t end = std::min(count, i + problem_.out_width - pixel.x);
    for (; i < end; ++i, output += maps_.output.pixel_stride) {
      scratch.outputs[i] = output;
      if (!add) continue;
      scratch.residual[i] = residual;
      residual += maps_.residual.pixel_stride;
    }
  }
}

void IgemmRun::compute_tiles(const IgemmTile* tiles, int64_t count, const IgemmScratch& scratch,
                             int64_t group, int64_t block) const {
  const int64_t index = group * packing_.blocks + block;
  const int64_t column = block * tile_.columns;
  const int64_t columns = std::min<int64_t>(tile_.columns, problem_.group_out() - column);
  const TileWholeFunction whole = tile_.whole && problem_.residual == Residual::kNone
                                      ? tile_.whole(problem_.activation.kind, columns)
                                      : nullptr;
  int rows = 0;  // whose sums wait to be finished
  int64_t waiting = tiles->first;
  for (int64_t t = 0; t < count; ++t) {
    const TileSums sums{tiles[t].pointers,
                        tiles[t].runs,
                        tiles[t].run_length,
                        weights_ + index * packing_.panel,
                        weights_ + packing_.bias + index * tile_.columns,
                        scratch.sums + rows * tile_.columns,
                        columns};
    if (whole && tiles[t].row_count == tile_.rows && rows == 0) {
      whole(sums, {nullptr, tile_.rows, column, columns, scratch.outputs + tiles[t].first, nullptr,
                   problem_.activation, Residual::kNone});
      waiting = tiles[t].first + tile_.rows;
      continue;
    }
    tile_.sums[tiles[t].row_count](sums);
    rows += tiles[t].row_count;
  }
  if (rows > 0)
    finish_({scratch.sums, rows, column, columns, scratch.outputs + waiting,
             scratch.residual + waiting, problem_.activation, problem_.residual});
}

void IgemmRun::compute(const IgemmScratch& scratch, int64_t group, int64_t first, int64_t last,
                       int64_t begin, int64_t end) const {
  IgemmTile tiles[kMaxBlockTiles];
  const int64_t pixels = last - first;
  const int64_t count = divide_up(pixels, tile_.rows);
  assert(count <= kMaxBlockTiles);
  Pixel pixel{first / problem_.out_width, first % problem_.out_width};
  describe_outputs(scratch, group, pixel, pixels);
  const float** pointers = scratch.pointers;
  for (int64_t t = 0; t < count; ++t) {
    // Even shares: 16 pixels are tiles of 6, 5 and 5, not of 6, 6 and 4.
    const int64_t from = pixels * t / count, to = pixels * (t + 1) / count;
    const int row_count = static_cast<int>(to - from);
    tiles[t] = describe(group, pixel, row_count, pointers);
    tiles[t].first = from;
    pointers += row_count * tiles[t].runs;
    pixel.x += row_count;
    while (pixel.x >= problem_.out_width) pixel = {pixel.y + 1, pixel.x - problem_.out_width};
  }
  Prefetch next = prefetch_of(last, divide_up(count, kFinishTiles) * (end - begin));
  for (int64_t block = begin; block < end; ++block)
    for (int64_t t = 0; t < count; t += kFinishTiles) {
      next.step();
      compute_tiles(tiles + t, std::min(kFinishTiles, count - t), scratch, group, block);
    }
}

// Where each output pixel is made of one input pixel and rows follow each other without a gap, the
// map is one long row: its tiles need no thought about where a row ends.
void flatten(ConvProblem& problem, ConvMaps& maps) {
  if (!is_one_row(problem, maps)) return;
  problem.in_width = problem.out_width = problem.out_height * problem.out_width;
  problem.in_height = problem.out_height = 1;
}

}  // namespace

int64_t igemm_block_pixels(const TileKernel& tile, const ConvProblem& problem) {
  constexpr int64_t kInputFloats = 4096;  // half of a first-level cache of 32 KiB
  const int64_t floats_a_pixel =
      std::max<int64_t>(1, problem.group_in() * problem.stride_h * problem.stride_w);
  const int64_t tiles =
      std::clamp<int64_t>(kInputFloats / floats_a_pixel / tile.rows, 4, kMaxBlockTiles);
  return tiles * tile.rows;
}

size_t igemm_scratch_bytes(const TileKernel& tile, const ConvProblem& problem, int threads) {
  return static_cast<size_t>(threads) * lay_out_scratch(tile, problem, nullptr, nullptr);
}

void igemm_run(const TileKernel& tile, const ConvProblem& given, const PackedConv& packed,
               const ConvMaps& given_maps, ThreadPool& pool, std::span<std::byte> scratch) {
  assert(scratch.size() >= igemm_scratch_bytes(tile, given, pool.threads()));
  ConvProblem problem = given;
  ConvMaps maps = given_maps;
  flatten(problem, maps);
  const IgemmRun run(tile, problem, packed, maps);
  const int64_t pixels = problem.out_height * problem.out_width;
  const int64_t block_pixels = igemm_block_pixels(tile, problem);
  const int64_t pixel_blocks = divide_up(pixels, block_pixels);
  const int64_t output_blocks = divide_up(problem.group_out(), tile.columns);
  // Small maps are also divided by outputs, so that every thread gets about four units of work.
  const int64_t wanted = pool.threads() > 1 ? 4 * pool.threads() : 1;
  const int64_t parts = std::clamp<int64_t>(
      divide_up(wanted, std::max<int64_t>(1, problem.groups * pixel_blocks)), 1, output_blocks);
  const size_t stride = lay_out_scratch(tile, problem, nullptr, nullptr);
  pool.parallel_for(problem.groups * pixel_blocks * parts, [&](int64_t unit, int worker) {
    IgemmScratch mine;
    lay_out_scratch(tile, problem, scratch.data() + static_cast<size_t>(worker) * stride, &mine);
    const int64_t part = unit % parts, block = unit / parts % pixel_blocks;
    run.compute(mine, unit / parts / pixel_blocks, block * block_pixels,
                std::min(pixels, (block + 1) * block_pixels), output_blocks * part / parts,
                output_blocks * (part + 1) / parts);
  });
}

}  // namespace shrike::kernels
