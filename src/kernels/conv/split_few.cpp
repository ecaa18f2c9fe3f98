#include "kernels/conv/split_few.h"

#include <algorithm>

#include "base/tensor.h"
#include "kernels/conv/one_row.h"

namespace shrike::kernels {

namespace {

constexpr int64_t most_sums() {
  int64_t most = 0;
  for (int tiles = 1; tiles <= kSplitFewTiles; ++tiles)
    most = std::max(most, split_few_pixel_tiles(tiles) * kSplitTile *
                              round_up(tiles * kSplitTile, kSplitColumns));
  return most;
}
constexpr int64_t most_numbers(int parts) {
  return parts * split_few_part_stride(split_few_pixel_tiles(1));
}

// Of one worker.
struct Scratch {
  Scratch(const SplitKernel& kernel, std::byte* base)
      : planes{reinterpret_cast<uint16_t*>(base),
               reinterpret_cast<uint16_t*>(base) + most_numbers(kernel.parts)},
        sums(reinterpret_cast<float*>(planes[1] + most_numbers(kernel.parts))) {}

  static size_t bytes(const SplitKernel& kernel) {
    return 2 * (static_cast<size_t>(most_numbers(kernel.parts)) * sizeof(uint16_t) +
                static_cast<size_t>(most_sums()) * sizeof(float));
  }

  uint16_t* planes[2];  // of a step each
  float* sums;          // of two runs
};

// Some pixels of a row, one run after the other.
struct RowPart {
  int64_t y, begin, end;
};

// Sums of a worker's runs, which are finished beside the products of the next run.
class FewSums {
 public:
  FewSums(const SplitKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
          const ConvMaps& maps, int64_t first_tile, int64_t last_tile, const Scratch& scratch)
      : kernel_(kernel),
        problem_(problem),
        maps_(maps),
        packing_(kernel, problem),
        finish_(kernel.tile->finish(problem.activation.kind)),
        output_tiles_(static_cast<int>(last_tile - first_tile)),
        pixel_tiles_(split_few_pixel_tiles(output_tiles_)),
        first_output_(first_tile * kSplitTile),
        outputs_(std::min(problem.out_channels, last_tile * kSplitTile) - first_output_),
        weights_(reinterpret_cast<const uint16_t*>(packed.bytes.get()) +
                 first_tile * kSplitTileNumbers),
        bias_(reinterpret_cast<const float*>(packed.bytes.get()) + packing_.bias + first_output_),
        scratch_(scratch) {}

  void compute(const RowPart& part);
  // What is left of the sums that wait.
  void finish() { finish_rows(waiting_.count); }

 private:
  struct Waiting {
    const float* sums = nullptr;
    int64_t rows = 0;  // of its blocks of 32 outputs
    int64_t y = 0, x = 0, count = 0;
    int64_t done = 0;   // pixels of them
    int64_t share = 0;  // pixels to be done in a step
  };

  int64_t run_pixels(int64_t left) const {
    const int64_t whole = pixel_tiles_ * kSplitTile;
    return left > whole - kSplitTile ? std::min(left, whole) : std::min(left, kSplitTile);
  }
  void finish_rows(int64_t count);
  static void beside(void* sums) {
    auto& self = *static_cast<FewSums*>(sums);
    if (self.waiting_.done < self.waiting_.count) self.finish_rows(self.waiting_.share);
  }

  const SplitKernel& kernel_;
  const ConvProblem& problem_;
  const ConvMaps& maps_;
  const SplitPacking packing_;
  const TileFinishFunction finish_;
  const int output_tiles_, pixel_tiles_;
  const int64_t first_output_, outputs_;
  const uint16_t* const weights_;
  const float* const bias_;
  const Scratch& scratch_;
  Waiting waiting_;
  int turn_ = 0;  // of two runs' sums
};

void FewSums::compute(const RowPart& part) {
  const int64_t stride = maps_.input.pixel_stride;
  const auto run_at = [&](int64_t x) {
    return SplitRun{maps_.input.at(part.y, std::min(x, part.end - 1)), run_pixels(part.end - x)};
  };
  uint16_t* planes[2] = {scratch_.planes[0], scratch_.planes[1]};
  SplitRun run = run_at(part.begin);
  kernel_.split({run.pixels, stride, run.count, std::min(problem_.in_channels, kSplitDepth),
                 planes[0], split_few_part_stride(pixel_tiles_), 0});
  for (int64_t x = part.begin; x < part.end;) {
    const int64_t behind = x + run.count;
    const SplitRun next = run_at(behind);
    const int tiles = static_cast<int>(divide_up(run.count, kSplitTile));
    float* sums = scratch_.sums + turn_ * most_sums();
    turn_ ^= 1;
    waiting_.share = std::max<int64_t>(4, divide_up(waiting_.count, packing_.steps));
    kernel_.few({.run = run,
                 .next = next,
                 .pixel_stride = stride,
                 .channels = problem_.in_channels,
                 .planes = {planes[0], planes[1]},
                 .weights = weights_,
                 .weight_tiles = packing_.tiles,
                 .bias = bias_,
                 .sums = sums,
                 .pixel_tiles = tiles,
                 .output_tiles = output_tiles_,
                 .beside = beside,
                 .context = this});
    if (packing_.steps % 2 == 1) std::swap(planes[0], planes[1]);
    finish();
    waiting_ = {sums, tiles * kSplitTile, part.y, x, run.count};
    x = behind;
    run = next;
  }
}

// The next `count` pixels of the waiting sums.
void FewSums::finish_rows(int64_t count) {
  constexpr int64_t kMost = kSplitTile;
  const bool add = problem_.residual != Residual::kNone;
  const int64_t end = std::min(waiting_.count, waiting_.done + count);
  while (waiting_.done < end) {
    float* outputs[kMost];
    const float* residual[kMost];
    const int64_t rows = std::min(kMost, end - waiting_.done);
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t x = waiting_.x + waiting_.done + i;
      outputs[i] = maps_.output.at(waiting_.y, x);
      if (add) residual[i] = maps_.residual.at(waiting_.y, x);
    }
    const float* sums = waiting_.sums + waiting_.done * kSplitColumns;
    for (int64_t j = 0; j < outputs_; j += kSplitColumns, sums += waiting_.rows * kSplitColumns)
      finish_({sums, static_cast<int>(rows), first_output_ + j,
               std::min(kSplitColumns, outputs_ - j), outputs, residual, problem_.activation,
               problem_.residual});
    waiting_.done += rows;
  }
}

}  // namespace

// A tile's products of a step cost about what splitting its pixels does, which each part does for
// itself.
SplitFewUnits::SplitFewUnits(const ConvProblem& p, bool one_row, int threads) {
  const int64_t tiles = divide_up(p.out_channels, kSplitTile);
  const int64_t most_bands =
      one_row ? divide_up(p.out_height * p.out_width, kSplitTile) : p.out_height;
  int64_t least = INT64_MAX;
  bands = parts = 1;
  for (int64_t some = 1; some <= std::min<int64_t>(threads, tiles); ++some) {
    const int64_t wanted = std::min(most_bands, divide_up(threads, some));
    const int64_t time = divide_up(most_bands, wanted) * (divide_up(tiles, some) + 1) *
                         divide_up(wanted * some, threads);
    if (time < least) least = time, bands = wanted, parts = some;
  }
}

size_t split_few_worker_bytes(const SplitKernel& kernel) { return Scratch::bytes(kernel); }

void split_few_run(const SplitKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
                   const ConvMaps& maps, ThreadPool& pool, std::span<std::byte> scratch) {
  const bool one_row = is_one_row(problem, maps);
  const SplitFewUnits units(problem, one_row, pool.threads());
  const int64_t tiles = divide_up(problem.out_channels, kSplitTile);
  const int64_t pixels = problem.out_height * problem.out_width;
  const int64_t all = one_row ? divide_up(pixels, kSplitTile) : problem.out_height;
  pool.parallel_for(units.count(), [&](int64_t unit, int worker) {
    const Scratch mine(kernel,
                       scratch.data() + static_cast<size_t>(worker) * Scratch::bytes(kernel));
    const int64_t part = unit / units.bands, band = unit % units.bands;
    const int64_t begin = all * band / units.bands, end = all * (band + 1) / units.bands;
    FewSums sums(kernel, problem, packed, maps, tiles * part / units.parts,
                 tiles * (part + 1) / units.parts, mine);
    kernel.begin();
    if (one_row) {
      sums.compute({0, begin * kSplitTile, std::min(pixels, end * kSplitTile)});
    } else {
      for (int64_t y = begin; y < end; ++y) sums.compute({y, 0, problem.out_width});
    }
    sums.finish();
    kernel.end();
  });
}

}  // namespace shrike::kernels
