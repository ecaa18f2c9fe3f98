#include "kernels/conv/split_pointwise.h"

#include <algorithm>
#include <cassert>

#include "base/tensor.h"
#include "kernels/conv/one_row.h"
#include "kernels/conv/split_sums.h"

namespace shrike::kernels {

namespace {

// Bytes of input that stay in the second cache level while all groups of outputs are made of them.
constexpr int64_t kNearInput = 1 << 18;

constexpr int64_t kMostTiles = split_pixel_tiles(1);  // of pixels
constexpr int64_t most_sums() {
  int64_t most = 0;
  for (int tiles = 1; tiles <= kSplitGroupTiles; ++tiles)
    most = std::max(
        most, split_pixel_tiles(tiles) * kSplitTile * round_up(tiles * kSplitTile, kSplitColumns));
  return most;
}

// Tiles of outputs that are computed of a run whose steps are kept: with weights that pass by once
// for two tiles of pixels.
constexpr int64_t kKeptTiles = 2;

// Of one worker, on its stack: there no other core has written.
struct Scratch {
  // Of a step of the longest run, or of all that are kept of one.
  static constexpr int64_t kNumbers =
      kSplitParts *
      std::max(split_run_part_stride(kMostTiles),
               split_run_part_stride(split_pixel_tiles(kKeptTiles)) * kSplitKeptSteps);

  alignas(kTensorAlignment) uint16_t planes[2][kNumbers];  // of two steps, or of those of two runs
  alignas(kTensorAlignment) float sums[2][most_sums()];    // of two runs
  alignas(kTensorAlignment) float half_sums[most_sums()];
};

// Some pixels of a row.
struct RowPart {
  int64_t y, begin, end;
};

// A worker's runs, whose sums are finished beside the products of the next one.
class GroupSums {
 public:
  // Output `first_output` is the first channel of maps.output.
  GroupSums(const SplitKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
            const ConvMaps& maps, int64_t first_output)
      : kernel_(kernel),
        problem_(problem),
        maps_(maps),
        packing_(kernel, problem),
        packed_(packed.bytes.get()),
        finish_(kernel.tile->finish(problem.activation.kind)),
        first_output_(first_output) {}

  // Tiles [first, last) of outputs.
  void compute(const RowPart& part, int64_t first, int64_t last) {
    const int64_t group = packing_.group;
    if (packing_.steps <= kSplitKeptSteps && first / group < (last - 1) / group)
      return compute_runs(part, first, last, true);
    for (int64_t tile = first; tile < last; tile = end_of(tile, last, group))
      compute_runs(part, tile, end_of(tile, last, group), false);
  }
  // What is left of the sums that wait.
  void finish() { finish_pixels(waiting_.count); }

 private:
  struct Waiting {
    const float* sums = nullptr;
    int64_t rows = 0;  // of its blocks of 32 outputs
    int64_t first = 0, outputs = 0;
    int64_t y = 0, x = 0, count = 0;  // pixels
    int64_t done = 0;                 // of them
    int64_t share = 0;                // to be done in a step
  };

  // Of the tiles that are computed together, where these are so many.
  static int64_t end_of(int64_t tile, int64_t last, int64_t together) {
    return std::min(last, round_up(tile + 1, together));
  }
  void compute_runs(const RowPart& part, int64_t first, int64_t last, bool kept);
  void compute_group(SplitGroupProducts& group, int64_t first, int64_t last);
  void finish_pixels(int64_t count);
  static void beside(void* sums) {
    auto& self = *static_cast<GroupSums*>(sums);
    if (self.waiting_.done < self.waiting_.count) self.finish_pixels(self.waiting_.share);
  }

  const SplitKernel& kernel_;
  const ConvProblem& problem_;
  const ConvMaps& maps_;
  const SplitPacking packing_;
  const std::byte* packed_;
  const TileFinishFunction finish_;
  const int64_t first_output_;
  Scratch scratch_;
  Waiting waiting_;
  int turn_ = 0;  // of two runs' sums
};

// Runs of as many pixels as tiles hold, or of one tile each, whose steps are kept for all outputs
// or not, which are one group then.
void GroupSums::compute_runs(const RowPart& part, int64_t first, int64_t last, bool kept) {
  const int64_t together = kept ? kKeptTiles : packing_.group;
  const int most_tiles = split_pixel_tiles(static_cast<int>(kept ? together : last - first));
  const int64_t whole = most_tiles * kSplitTile, part_stride = split_run_part_stride(most_tiles);
  const auto run_at = [&](int64_t x) {
    const int64_t left = part.end - x;
    return SplitRun{maps_.input.at(part.y, std::min(x, part.end - 1)),
                    left > whole - kSplitTile ? std::min(left, whole) : std::min(left, kSplitTile)};
  };
  // Kept steps follow each other in one of the planes, others are in both in turn.
  uint16_t *now = scratch_.planes[0], *other = scratch_.planes[1];
  SplitGroupProducts group;
  group.run = run_at(part.begin);
  group.pixel_stride = maps_.input.pixel_stride;
  group.channels = problem_.in_channels;
  group.part_stride = part_stride;
  group.in_turn = !kept;
  group.beside = beside;
  group.context = this;
  kernel_.split({group.run.pixels, group.pixel_stride, group.run.count,
                 std::min(problem_.in_channels, kSplitDepth), now, part_stride, 0});
  for (int64_t x = part.begin; x < part.end;) {
    const int64_t count = group.run.count;
    const SplitRun behind = run_at(x + count);
    const bool turns = kept || packing_.steps % 2 == 1;
    group.next = behind;
    group.planes = now;
    group.next_planes = turns ? other : now;
    group.step_stride = kept ? kernel_.parts * part_stride : other - now;
    group.pixel_tiles = static_cast<int>(divide_up(count, kSplitTile));
    for (int64_t tile = first; tile < last; tile = end_of(tile, last, together)) {
      const int64_t end = end_of(tile, last, together), output = tile * kSplitTile;
      compute_group(group, tile, end);
      waiting_ = {.sums = group.sums,
                  .rows = group.pixel_tiles * kSplitTile,
                  .first = output,
                  .outputs = std::min(problem_.out_channels, end * kSplitTile) - output,
                  .y = part.y,
                  .x = x,
                  .count = count};
      group.run.count = group.next.count = 0;  // they have been split
    }
    if (turns) std::swap(now, other);
    x += count;
    group.run = behind;
  }
}

// Finishes the sums that wait beside them.
void GroupSums::compute_group(SplitGroupProducts& group, int64_t first, int64_t last) {
  turn_ ^= 1;
  waiting_.share = std::max(kSplitLeastShare, divide_up(waiting_.count, packing_.steps));
  group.weights = reinterpret_cast<const uint16_t*>(packed_) + packing_.at(first);
  group.weight_tiles = packing_.part_tiles(first);
  group.bias = reinterpret_cast<const float*>(packed_) + packing_.bias + first * kSplitTile;
  group.sums = scratch_.sums[turn_];
  group.half = problem_.half;
  group.half_sums = scratch_.half_sums;
  group.output_tiles = static_cast<int>(last - first);
  kernel_.group_products(group);
  finish();
}

// The next `count` ones of those that wait.
void GroupSums::finish_pixels(int64_t count) {
  const bool add = problem_.residual != Residual::kNone;
  const int64_t end = std::min(waiting_.count, waiting_.done + count);
  while (waiting_.done < end) {
    const int64_t rows = std::min(kSplitRows, end - waiting_.done);
    const SplitPointers pointers(maps_, add, waiting_.y, waiting_.x + waiting_.done, rows);
    const float* sums = waiting_.sums + waiting_.done * kSplitColumns;
    for (int64_t j = 0; j < waiting_.outputs; j += kSplitColumns) {
      finish_({sums, static_cast<int>(rows), waiting_.first - first_output_ + j,
               std::min(kSplitColumns, waiting_.outputs - j), pointers.outputs, pointers.residual,
               problem_.activation, problem_.residual});
      sums += waiting_.rows * kSplitColumns;
    }
    waiting_.done += rows;
  }
}

// How the work is divided, a worker each: pixels, in tiles where no row ends, else rows; and tiles
// of outputs, where weights are so much more than inputs that it is worth splitting these by each.
struct Units {
  Units(const SplitKernel& kernel, const ConvProblem& p, bool is_one_row, int threads)
      : one_row(is_one_row),
        pixels(p.out_height * p.out_width),
        positions(one_row ? divide_up(pixels, kSplitTile) : p.out_height) {
    const SplitPacking packing(kernel, p);
    tiles = packing.tiles;
    if (packing.bytes() > kFarMore * static_cast<size_t>(pixels * p.in_channels) * sizeof(float))
      parts = std::min<int64_t>(threads, tiles);
    bands = std::min(positions, divide_up(threads, parts));
  }

  // Where a band begins: tiles of outputs of all positions before it. Of few tiles of pixels the
  // one between two bands is divided as well, some of its outputs each: of 7 one band of two would
  // have a third more to do. Both split it, so each should have two tiles of outputs at least.
  int64_t first_cell(int64_t band) const {
    constexpr int64_t kLeast = 2;
    const int64_t all = positions * tiles, cell = all * band / bands, rest = cell % tiles;
    if (one_row && parts == 1 && rest >= kLeast && tiles - rest >= kLeast) return cell;
    return positions * band / bands * tiles;
  }

  static constexpr size_t kFarMore = 3;

  bool one_row;
  int64_t pixels, positions, tiles;
  int64_t bands, parts = 1;
};

// Strips of pixels, as many as stay near for all outputs.
void compute_unit(GroupSums& sums, const ConvProblem& problem, const Units& units, int64_t unit) {
  const int64_t part = unit / units.bands, band = unit % units.bands;
  const int64_t first = units.tiles * part / units.parts;
  const int64_t last = units.tiles * (part + 1) / units.parts;
  const int64_t begin_cell = units.first_cell(band), end_cell = units.first_cell(band + 1);
  const int64_t begin = divide_up(begin_cell, units.tiles), end = end_cell / units.tiles;
  constexpr int64_t kRun = kMostTiles * kSplitTile;
  const int64_t strip =
      round_up(kNearInput / (problem.in_channels * static_cast<int64_t>(sizeof(float))) + 1, kRun);
  const auto compute_row = [&](int64_t y, int64_t x, int64_t row_end) {
    for (; x < row_end; x += strip) sums.compute({y, x, std::min(row_end, x + strip)}, first, last);
  };
  const auto compute_tile = [&](int64_t tile, int64_t outputs_begin, int64_t outputs_end) {
    const int64_t x = tile * kSplitTile;
    sums.compute({0, x, std::min(units.pixels, x + kSplitTile)}, outputs_begin, outputs_end);
  };
  if (units.one_row) {
    if (begin_cell % units.tiles > 0)
      compute_tile(begin - 1, begin_cell % units.tiles, units.tiles);
    compute_row(0, begin * kSplitTile, std::min(units.pixels, end * kSplitTile));
    if (end_cell % units.tiles > 0) compute_tile(end, 0, end_cell % units.tiles);
  } else {
    for (int64_t y = begin; y < end; ++y) compute_row(y, 0, problem.out_width);
  }
  sums.finish();
}

// A group of outputs of all rows.
void compute_panel(const SplitKernel& kernel, const ConvProblem& rows, const PackedConv& packed,
                   const ConvMaps& maps, int64_t panel) {
  const SplitPacking packing(kernel, rows);
  const int64_t begin = panel * packing.group;
  const int64_t end = std::min(packing.tiles, begin + packing.group);
  GroupSums sums(kernel, rows, packed, maps, begin * kSplitTile);
  kernel.begin();
  for (int64_t y = 0; y < rows.out_height; ++y) sums.compute({y, 0, rows.out_width}, begin, end);
  sums.finish();
  kernel.end();
}

}  // namespace

void split_pointwise_run(const SplitKernel& kernel, const ConvProblem& problem,
                         const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool) {
  const Units units(kernel, problem, is_one_row(problem, maps), pool.threads());
  pool.parallel_for(units.bands * units.parts, [&](int64_t unit, int) {
    GroupSums sums(kernel, problem, packed, maps, 0);
    kernel.begin();
    compute_unit(sums, problem, units, unit);
    kernel.end();
  });
}

int64_t split_panel_columns(const SplitKernel& kernel, const ConvProblem& problem) {
  const SplitPacking packing(kernel, problem);
  return packing.split_before_panels() ? kSplitColumns : packing.group * kSplitTile;
}

size_t split_shared_bytes(const SplitKernel& kernel, const ConvProblem& problem) {
  if (!SplitPacking(kernel, problem).split_before_panels()) return 0;
  return align_up(
      static_cast<size_t>(SplitPlanes(kernel, problem).bytes(problem, problem.out_height)));
}

void split_prepare(const SplitKernel& kernel, const ConvProblem& problem, const ConstMapView& input,
                   ThreadPool& pool, std::byte* shared) {
  if (!SplitPacking(kernel, problem).split_before_panels()) return;
  const SplitPlanes planes(kernel, problem);
  const int64_t stride = planes.positions(problem, problem.out_height) * kSplitDepth;
  pool.parallel_for(problem.in_height, [&](int64_t y, int) {
    kernel.split({input.at(y, 0), input.pixel_stride, problem.in_width, problem.in_channels,
                  reinterpret_cast<uint16_t*>(shared) + y * problem.in_width * kSplitDepth,
                  planes.steps * stride, stride});
  });
}

void split_panel(const SplitKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
                 const ConstMapView& input, int64_t panel, int64_t first, int64_t last,
                 const MapView& output, const std::byte* shared) {
  ConvProblem rows = problem;
  rows.in_height = rows.out_height = last - first;
  ConvMaps maps{};
  maps.input = input;
  maps.input.data = input.at(first, 0);
  maps.input.height = last - first;
  maps.output = output;
  if (is_one_row(rows, maps)) {
    rows.in_width = rows.out_width = rows.in_width * rows.in_height;
    rows.in_height = rows.out_height = 1;
  }
  if (!SplitPacking(kernel, problem).split_before_panels())
    return compute_panel(kernel, rows, packed, maps, panel);
  assert(problem.half == 0);
  const SplitPlanes planes(kernel, rows);
  alignas(kTensorAlignment) float sums[2 * kSplitSums];
  int64_t tap = 0;
  SplitSums products(kernel, rows, packed, maps, planes, 0, panel * kSplitColumns, sums, &tap);
  kernel.begin();
  products.compute(
      {reinterpret_cast<const uint16_t*>(shared) + first * problem.in_width * kSplitDepth,
       SplitPlanes(kernel, problem).positions(problem, problem.out_height), rows.out_height, 0,
       nullptr},
      panel, panel + 1);
  products.finish();
  kernel.end();
}

}  // namespace shrike::kernels
