#include "kernels/conv/split.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

#include "base/tensor.h"
#include "kernels/sizes.h"
#include "kernels/winograd/algorithms.h"
#include "kernels/winograd/lean.h"
#include "kernels/winograd/winograd.h"

namespace shrike::kernels {

namespace {

// What planes of one unit may take, so that they stay in the second cache level beside a block's
// weights, and what those of one row of output may: where that is more, the row is not taken.
constexpr int64_t kPlanes = 3 << 17, kFirstPlanes = 3 << 13, kFarPlanes = 11 << 17;
constexpr int64_t kNearWeights = 1 << 19;
constexpr int64_t kMostRowBytes = 1 << 22;

constexpr int64_t kSumFloats = kSplitRows * kSplitColumns;

int64_t steps_of(const ConvProblem& p) { return divide_up(p.in_channels, kSplitDepth); }

// Where things lie in a PackedConv, in numbers of bfloat16 but for the bias.
struct Packing {
  explicit Packing(const ConvProblem& p)
      : steps(p.taps() * steps_of(p)),
        tiles(divide_up(p.out_channels, kSplitTile)),
        blocks(divide_up(tiles, 2)),
        tile(steps * kSplitParts * kSplitTileNumbers),
        bias(tiles * tile / 2) {}

  // Blocks before a last one are whole.
  int64_t block(int64_t index) const { return 2 * index * tile; }
  int output_tiles(int64_t index) const {
    return static_cast<int>(std::min<int64_t>(2, tiles - 2 * index));
  }
  size_t bytes() const {
    return static_cast<size_t>(bias + blocks * kSplitColumns) * sizeof(float);
  }

  int64_t steps;   // of all taps
  int64_t tiles;   // of outputs
  int64_t blocks;  // of outputs
  int64_t tile;    // numbers of all steps of one
  int64_t bias;    // offset in floats
};

// How rows of the input lie in planes.
struct Planes {
  explicit Planes(const ConvProblem& p)
      : steps(steps_of(p)),
        reach_h((p.kernel_h - 1) * p.dilation_h),
        reach_w((p.kernel_w - 1) * p.dilation_w) {
    // Positions that are read behind the input, and are zeros: the next row's padding is there, too.
    const int64_t over = std::max<int64_t>(
        0, (p.out_width - 1) * p.stride_w + reach_w - p.pad_left - (p.in_width - 1));
    const int64_t row = p.pad_left + p.in_width + std::max<int64_t>(0, over - p.pad_left);
    width = std::max(divide_up(row, p.stride_w), p.out_width);
    pitch = width * p.stride_w;
  }

  int64_t input_rows(const ConvProblem& p, int64_t rows) const {
    return (rows - 1) * p.stride_h + reach_h + 1;
  }
  // Of some rows of output, with what the last tile reads behind them. Odd, so that steps and parts
  // lie in different sets of a cache.
  int64_t positions(const ConvProblem& p, int64_t rows) const {
    return (input_rows(p, rows) * pitch + behind(p)) | 1;
  }
  int64_t behind(const ConvProblem& p) const {
    return reach_w + p.pad_left + kSplitTile * p.stride_w;
  }
  int64_t bytes(const ConvProblem& p, int64_t rows) const {
    return positions(p, rows) * position_bytes();
  }
  int64_t position_bytes() const {
    return steps * kSplitParts * kSplitDepth * static_cast<int64_t>(sizeof(uint16_t));
  }
  // Rows with the same remainder by the stride follow each other.
  int64_t row_position(const ConvProblem& p, int64_t rows, int64_t row) const {
    const int64_t phase = row % p.stride_h, all = input_rows(p, rows);
    const int64_t before = all / p.stride_h * phase + std::min(phase, all % p.stride_h);
    return (before + row / p.stride_h) * pitch;
  }

  int64_t steps;             // of one tap
  int64_t reach_h, reach_w;  // from a window's first tap to its last
  int64_t width, pitch;      // of rows, in outputs and in positions
};

// How the work is divided: bands of rows of output by blocks of outputs, a worker each. A band is
// computed in strips.
struct Units {
  Units(const ConvProblem& p, int threads) {
    const Planes planes(p);
    const Packing packing(p);
    if (threads > 1) {
      const bool many_weights = static_cast<int64_t>(packing.bytes()) > planes.bytes(p, p.out_height);
      if (many_weights) parts = std::min<int64_t>(threads, packing.blocks);
    }
    strip_rows = rows_of_strip(p, planes, static_cast<int64_t>(packing.bytes()) / parts);
    const int64_t strips = divide_up(p.out_height, strip_rows);
    // Even shares, and some more of them than threads where there are many strips.
    const int64_t wanted = divide_up(threads, parts);
    const int64_t count = wanted * std::clamp<int64_t>(strips / (2 * wanted), 1, kBands);
    height = p.out_height;
    if (p.out_width == 1) step = kSplitTile;
    bands = threads > 1 ? std::min(count, divide_up(height, step)) : 1;
    strip_rows = std::min(strip_rows, rows());
  }

  // The first row of a band.
  int64_t first(int64_t band) const {
    return std::min(height, divide_up(height, step) * band / bands * step);
  }
  // Of a band at most.
  int64_t rows() const { return divide_up(divide_up(height, step), bands) * step; }

  int64_t bands, strip_rows;
  int64_t parts = 1;

 private:
  static constexpr int64_t kBands = 2;  // of a thread

  int64_t height, step = 1;  // rows, and those that are not divided

  // As many rows as planes may take; of pixels one by one whole blocks.
  static int64_t rows_of_strip(const ConvProblem& p, const Planes& planes, int64_t weights) {
    const bool one_by_one = p.out_width == 1;
    const int64_t most = weights > kNearWeights ? kFarPlanes : one_by_one ? kFirstPlanes : kPlanes;
    const int64_t one = planes.bytes(p, 1), more = planes.bytes(p, 2) - one;
    const int64_t fit = 1 + std::max<int64_t>(0, most - one) / std::max<int64_t>(1, more);
    return one_by_one ? std::max(kSplitRows, fit / kSplitRows * kSplitRows) : fit;
  }
};

// Bytes of one worker's scratch, and its parts where `base` is given.
struct Scratch {
  uint16_t* planes[2];     // of two strips in turn
  float* sums;             // [2][kSplitRows][kSplitColumns]
  int64_t* taps;           // offsets
};

size_t lay_out_scratch(const ConvProblem& p, const Units& units, std::byte* base,
                       Scratch* scratch) {
  const Planes planes(p);
  const size_t numbers = align_up(static_cast<size_t>(planes.bytes(p, units.strip_rows)));
  const size_t both = units.strip_rows < units.rows() ? 2 * numbers : numbers;
  const size_t sums = 2 * kSumFloats * sizeof(float);
  const size_t taps = align_up(static_cast<size_t>(p.taps()) * sizeof(int64_t));
  if (scratch) {
    const auto numbers_at = [&](size_t offset) {
      return reinterpret_cast<uint16_t*>(base + offset);
    };
    *scratch = {{numbers_at(0), numbers_at(both - numbers)},
                reinterpret_cast<float*>(base + both),
                reinterpret_cast<int64_t*>(base + both + sums)};
  }
  return both + sums + taps;
}

// Pixels one by one where each output is made of one input and rows follow each other without a gap:
// then no row ends.
void flatten(ConvProblem& problem, ConvMaps& maps) {
  const auto dense = [](const auto& map) { return map.row_stride == map.width * map.pixel_stride; };
  const bool pointwise = problem.taps() == 1 && problem.stride_h == 1 && problem.stride_w == 1 &&
                         problem.pad_top == 0 && problem.pad_left == 0 &&
                         problem.in_height == problem.out_height &&
                         problem.in_width == problem.out_width;
  const bool add = problem.residual != Residual::kNone;
  if (!pointwise || !dense(maps.input) || !dense(maps.output) || (add && !dense(maps.residual)))
    return;
  problem.in_height = problem.out_height = problem.out_height * problem.out_width;
  problem.in_width = problem.out_width = 1;
  const auto turn = [](auto& map) {
    map.height *= map.width, map.width = 1, map.row_stride = map.pixel_stride;
  };
  turn(maps.input), turn(maps.output), turn(maps.residual);
}

// Rows of input on their way into planes, a few pixels at a time.
class Splitter {
 public:
  Splitter(const SplitKernel& kernel, const ConvProblem& problem, const ConstMapView& input,
           const Planes& planes)
      : kernel_(kernel), problem_(problem), input_(input), planes_(planes) {}

  // What rows [first, first + rows) of the output read, into `target`.
  void start(int64_t first, int64_t rows, uint16_t* target) {
    target_ = target;
    first_ = first, rows_ = rows, row_ = x_ = 0;
    input_rows_ = planes_.input_rows(problem_, rows);
    step_stride_ = planes_.positions(problem_, rows) * kSplitDepth;
    clear(input_rows_ * planes_.pitch, problem_.pad_left);
  }
  int64_t pixels() const { return input_rows_ * problem_.in_width; }

  // The next ones.
  void take(int64_t pixels) {
    if (planes_.pitch == 1) {
      const int64_t count = std::min(pixels, input_rows_ - row_);
      if (count > 0) split(first_ + row_, 0, count, row_);
      row_ += count;
      return;
    }
    for (; pixels > 0 && row_ < input_rows_; pixels -= take_of_row(pixels)) {
    }
  }
  void take_rest() { take(INT64_MAX); }

 private:
  void split(int64_t y, int64_t x, int64_t pixels, int64_t position) const {
    kernel_.split({input_.at(y, x), input_.pixel_stride, pixels, problem_.in_channels,
                   target_ + position * kSplitDepth, planes_.steps * step_stride_, step_stride_});
  }
  void clear(int64_t position, int64_t count) const {
    if (count <= 0) return;
    for (int64_t i = 0; i < kSplitParts * planes_.steps; ++i)
      std::memset(target_ + position * kSplitDepth + i * step_stride_, 0,
                  static_cast<size_t>(count * kSplitDepth) * sizeof(uint16_t));
  }
  int64_t take_of_row(int64_t pixels) {
    const ConvProblem& p = problem_;
    const int64_t y = first_ * p.stride_h - p.pad_top + row_;
    const int64_t position = planes_.row_position(p, rows_, row_);
    if (y < 0 || y >= p.in_height) {
      clear(position, planes_.pitch);
      ++row_;
      return std::min(pixels, p.in_width);
    }
    if (x_ == 0) {
      clear(position, p.pad_left);
      clear(position + p.pad_left + p.in_width, planes_.pitch - p.pad_left - p.in_width);
    }
    const int64_t count = std::min(pixels, p.in_width - x_);
    split(y, x_, count, position + p.pad_left + x_);
    x_ += count;
    if (x_ == p.in_width) x_ = 0, ++row_;
    return count;
  }

  const SplitKernel& kernel_;
  const ConvProblem& problem_;
  const ConstMapView& input_;
  const Planes& planes_;
  uint16_t* target_ = nullptr;
  int64_t first_ = 0, rows_ = 0, input_rows_ = 0, step_stride_ = 0;
  int64_t row_ = 0, x_ = 0;  // where it goes on
};

// Products of strips, and what follows them.
class SplitSums {
 public:
  // Rows of the output from `first_row` on of a strip's pixels, outputs from `first_output` on.
  // Sums: scratch for two blocks; taps: of offsets into strips.
  SplitSums(const SplitKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
            const ConvMaps& maps, const Planes& planes, int64_t first_row, int64_t first_output,
            float* sums, int64_t* taps)
      : kernel_(kernel),
        problem_(problem),
        maps_(maps),
        planes_(planes),
        packing_(problem),
        packed_(packed.bytes.get()),
        finish_(kernel.tile->finish(problem.activation.kind)),
        first_row_(first_row),
        first_output_(first_output),
        sums_(sums),
        taps_(taps) {}

  struct Strip {
    const uint16_t* planes;
    int64_t positions;  // of each plane
    int64_t rows;       // of the output
    int64_t pixel;      // the first, counted over the pitch from `first_row`
    Splitter* next;     // null, or what is to be split beside the products
  };
  void compute(const Strip& strip, int64_t begin, int64_t end);
  // The last sums.
  void finish() { finish_rows(kSplitRows); }

 private:
  // Sums that wait to be finished, which is done beside the products of the next ones.
  struct Waiting {
    const float* sums = nullptr;
    int64_t block = 0, pixel = 0, count = 0;
    int64_t done = 0;   // rows of them
    int64_t share = 0;  // rows to be done in a step
  };

  void describe_taps(int64_t rows);
  void compute_block(const Strip& strip, int64_t block, int64_t pixel, int64_t count);
  void finish_rows(int64_t count);
  void finish_row(int64_t y, int64_t x, int64_t count, int64_t step, int64_t residual_step) const;
  static void beside(void* sums) {
    auto& self = *static_cast<SplitSums*>(sums);
    if (self.waiting_.done < self.waiting_.count) self.finish_rows(self.waiting_.share);
    if (self.next_) self.next_->take(self.share_);
  }

  const SplitKernel& kernel_;
  const ConvProblem& problem_;
  const ConvMaps& maps_;
  const Planes& planes_;
  const Packing packing_;
  const std::byte* packed_;
  const TileFinishFunction finish_;
  const int64_t first_row_, first_output_;
  float* sums_;
  int64_t* taps_;
  Splitter* next_ = nullptr;
  int64_t share_ = 0;  // pixels of it to be split in a step
  Waiting waiting_;
  int turn_ = 0;  // of two blocks of sums
};

void SplitSums::compute(const Strip& strip, int64_t begin, int64_t end) {
  const int64_t pixels = (strip.rows - 1) * planes_.width + problem_.out_width;
  describe_taps(strip.rows);
  next_ = strip.next;
  if (next_) {
    const int64_t steps = (end - begin) * divide_up(pixels, kSplitRows) * packing_.steps;
    share_ = divide_up(next_->pixels(), std::max<int64_t>(1, steps));
  }
  for (int64_t block = begin; block < end; ++block)
    for (int64_t pixel = 0; pixel < pixels; pixel += kSplitRows)
      compute_block(strip, block, pixel, std::min(kSplitRows, pixels - pixel));
  if (next_) next_->take_rest();
}

void SplitSums::describe_taps(int64_t rows) {
  const ConvProblem& p = problem_;
  int64_t* tap = taps_;
  for (int64_t i = 0; i < p.kernel_h; ++i)
    for (int64_t j = 0; j < p.kernel_w; ++j)
      *tap++ = (planes_.row_position(p, rows, i * p.dilation_h) + j * p.dilation_w) * kSplitDepth;
}

void SplitSums::compute_block(const Strip& strip, int64_t block, int64_t pixel, int64_t count) {
  float* sums = sums_ + turn_ * kSumFloats;
  turn_ ^= 1;
  const int64_t step_stride = strip.positions * kSplitDepth;
  waiting_.share = std::max<int64_t>(4, divide_up(waiting_.count, packing_.steps));
  kernel_.products({
      .inputs = strip.planes + pixel * problem_.stride_w * kSplitDepth,
      .pixel_stride = problem_.stride_w * kSplitDepth,
      .part_stride = planes_.steps * step_stride,
      .step_stride = step_stride,
      .taps = taps_,
      .tap_count = problem_.taps(),
      .steps = planes_.steps,
      .weights = reinterpret_cast<const uint16_t*>(packed_) + packing_.block(block),
      .bias = reinterpret_cast<const float*>(packed_) + packing_.bias + block * kSplitColumns,
      .sums = sums,
      .pixel_tiles = static_cast<int>(divide_up(count, kSplitTile)),
      .output_tiles = packing_.output_tiles(block),
      .beside = beside,
      .context = this,
  });
  finish();
  waiting_ = {sums, block, strip.pixel + pixel, count};
}

// The next `count` rows of the waiting sums, but for those between the end of a row and its pitch.
void SplitSums::finish_rows(int64_t count) {
  const int64_t last = std::min(waiting_.count, waiting_.done + count);
  while (waiting_.done < last) {
    const int64_t pixel = waiting_.pixel + waiting_.done;
    const int64_t y = planes_.width == 1 ? pixel : pixel / planes_.width;
    const int64_t x = pixel - y * planes_.width;
    const int64_t there = std::min(last - waiting_.done, problem_.out_width - x);
    if (planes_.width == 1) {
      finish_row(y, 0, last - waiting_.done, maps_.output.row_stride, maps_.residual.row_stride);
      waiting_.done = last;
    } else {
      if (there > 0)
        finish_row(y, x, there, maps_.output.pixel_stride, maps_.residual.pixel_stride);
      waiting_.done = std::min(last, waiting_.done + planes_.width - x);
    }
  }
}

// Some of them whose outputs lie at equal distances.
void SplitSums::finish_row(int64_t y, int64_t x, int64_t count, int64_t step,
                           int64_t residual_step) const {
  float* outputs[kSplitRows];
  const float* residual[kSplitRows];
  const bool add = problem_.residual != Residual::kNone;
  float* output = maps_.output.at(first_row_ + y, x);
  const float* added = add ? maps_.residual.at(first_row_ + y, x) : nullptr;
  for (int64_t i = 0; i < count; ++i, output += step) {
    outputs[i] = output;
    if (add) residual[i] = added + i * residual_step;
  }
  const int64_t column = waiting_.block * kSplitColumns;
  finish_({waiting_.sums + waiting_.done * kSplitColumns, static_cast<int>(count),
           column - first_output_, std::min(kSplitColumns, problem_.out_channels - column), outputs,
           residual, problem_.activation, problem_.residual});
}

// One unit of split_run: rows [first, last) of some blocks of outputs, strip by strip.
void compute_band(const SplitKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
                  const ConvMaps& maps, const Scratch& scratch, int64_t strip_rows, int64_t first,
                  int64_t last, int64_t begin, int64_t end) {
  const Planes planes(problem);
  const auto rows_at = [&](int64_t row) { return std::min(strip_rows, last - row); };
  SplitSums sums(kernel, problem, packed, maps, planes, first, 0, scratch.sums, scratch.taps);
  Splitter splitter(kernel, problem, maps.input, planes);
  kernel.begin();
  splitter.start(first, rows_at(first), scratch.planes[0]);
  splitter.take_rest();
  int turn = 0;
  for (int64_t row = first; row < last; row += strip_rows, turn ^= 1) {
    const int64_t next = row + strip_rows;
    if (next < last) splitter.start(next, rows_at(next), scratch.planes[turn ^ 1]);
    const SplitSums::Strip strip{scratch.planes[turn], planes.positions(problem, rows_at(row)),
                                 rows_at(row), (row - first) * planes.width,
                                 next < last ? &splitter : nullptr};
    sums.compute(strip, begin, end);
  }
  sums.finish();
  kernel.end();
}

// Three numbers of 8 bits whose sum it is, ties away from zero.
void split_number(float value, uint16_t (&parts)[kSplitParts]) {
  for (uint16_t& part : parts) {
    const uint32_t bits = std::bit_cast<uint32_t>(value) + 0x8000u;
    part = static_cast<uint16_t>(bits >> 16);
    value -= std::bit_cast<float>(bits & 0xFFFF0000u);
  }
}

// In multiply-adds of fp32 at full speed, as winograd_cost(), fitted to whole networks on an Intel
// Xeon with AMX (docs/decisions/040-split-products.md): 16 x 16 sums of 32 channels, next to others
// and where there are too few to hide their latency; a block's way to memory and back, with its
// numbers near and elsewhere; an input; a weight's way from memory.
constexpr double kTileStep = 3250, kLonelyTileStep = 5200;
constexpr double kNearBlock = 2800, kBlock = 23000, kInput = 24, kWeight = 61;
constexpr int64_t kNearSteps = 4;
// What 1x1 kernels reach of the full speed.
constexpr double kPointwise = 0.9;

double single_cost(const ConvProblem& p) {
  if (p.taps() != 1) return direct_cost(p);
  const int64_t outputs = round_up(p.out_channels, kSplitTile);
  return static_cast<double>(p.out_height * p.out_width * p.in_channels * outputs) / kPointwise;
}

}  // namespace

double split_cost(const ConvProblem& problem) {
  const Packing packing(problem);
  const Planes planes(problem);
  const bool pointwise = problem.taps() == 1 && problem.stride_w == 1;
  const int64_t pixels = problem.out_height * (pointwise ? problem.out_width : planes.width);
  const double rows = static_cast<double>(divide_up(pixels, kSplitTile)) / 2;
  const auto steps = static_cast<double>(packing.steps);
  const double block = packing.steps <= kNearSteps ? kNearBlock : kBlock;
  const double pairs = static_cast<double>(packing.tiles / 2);
  const double lonely = static_cast<double>(packing.tiles % 2);
  const auto inputs = static_cast<double>(problem.in_height * problem.in_width * planes.steps);
  const double weights = steps * static_cast<double>(packing.tiles * kSplitTileNumbers);
  return rows * (pairs * (4 * steps * kTileStep + block) +
                 lonely * (2 * steps * kLonelyTileStep + block)) +
         inputs * kSplitDepth * kInput + weights * kWeight;
}

const char* split_refuse(const SplitKernel& kernel, const ConvProblem& problem) {
  if (problem.groups != 1) return "in groups";
  const Planes planes(problem);
  // Of one row of output, in floating point, as a file decides how many these are.
  const double positions =
      static_cast<double>(planes.pitch) * static_cast<double>(planes.input_rows(problem, 1)) +
      static_cast<double>(planes.behind(problem));
  if (positions * static_cast<double>(planes.position_bytes()) > static_cast<double>(kMostRowBytes))
    return "a row's inputs are too many";
  if (static_cast<uint64_t>(std::max<int64_t>(0, problem.max_packed_bytes)) <
      split_packed_bytes(problem))
    return "the packed weights would be too large";
  if (!problem.by_estimate) return nullptr;
  const double cost = split_cost(problem);
  if (cost >= single_cost(problem)) return "single products are faster at this size";
  for (const WinogradAlgorithm* algorithm : kWinogradAlgorithms) {
    const WinogradKernel sizes{kernel.tile, algorithm, nullptr, nullptr};
    const LeanWinograd lean{&sizes, kSplitTile, nullptr};
    if ((winograd_cost(*algorithm, problem) < cost && !winograd_refuse(sizes, problem)) ||
        (lean_winograd_cost(lean, problem) < cost && !lean_winograd_refuse(lean, problem)))
      return "Winograd's algorithm is faster at this size";
  }
  return nullptr;
}

size_t split_packed_bytes(const ConvProblem& problem) { return Packing(problem).bytes(); }

void split_pack(const ConvProblem& problem, const float* weights, const float* bias,
                float* packed) {
  const Packing packing(problem);
  const int64_t taps = problem.taps(), channels = problem.in_channels;
  const int64_t steps = steps_of(problem);
  for (int64_t o = 0; o < problem.out_channels; ++o) {
    const int64_t block = o / kSplitColumns, tile = o / kSplitTile % 2;
    const int64_t tiles = packing.output_tiles(block);
    auto* target = reinterpret_cast<uint16_t*>(packed) + packing.block(block) +
                   tile * kSplitTileNumbers + o % kSplitTile * 2;
    const float* source = weights + o * channels * taps;
    for (int64_t tap = 0; tap < taps; ++tap)
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t step = tap * steps + c / kSplitDepth, k = c % kSplitDepth;
        uint16_t parts[kSplitParts];
        split_number(source[c * taps + tap], parts);
        for (int64_t part = 0; part < kSplitParts; ++part)
          target[(step * kSplitParts + part) * tiles * kSplitTileNumbers + k / 2 * 2 * kSplitTile +
                 k % 2] = parts[part];
      }
    if (bias) packed[packing.bias + o] = bias[o];
  }
}

size_t split_scratch_bytes(const ConvProblem& problem, int threads) {
  // What flatten() does to the problem depends on the maps.
  ConvProblem flat = problem;
  ConvMaps maps;
  const auto dense = [](auto& map, int64_t height, int64_t width) {
    map.height = height, map.width = width, map.pixel_stride = 1, map.row_stride = width;
  };
  dense(maps.input, problem.in_height, problem.in_width);
  dense(maps.output, problem.out_height, problem.out_width);
  dense(maps.residual, problem.out_height, problem.out_width);
  flatten(flat, maps);
  return static_cast<size_t>(threads) *
         std::max(lay_out_scratch(problem, Units(problem, threads), nullptr, nullptr),
                  lay_out_scratch(flat, Units(flat, threads), nullptr, nullptr));
}

void split_run(const SplitKernel& kernel, const ConvProblem& given, const PackedConv& packed,
               const ConvMaps& given_maps, ThreadPool& pool, std::span<std::byte> scratch) {
  assert(scratch.size() >= split_scratch_bytes(given, pool.threads()));
  ConvProblem problem = given;
  ConvMaps maps = given_maps;
  flatten(problem, maps);
  const Units units(problem, pool.threads());
  const size_t stride = lay_out_scratch(problem, units, nullptr, nullptr);
  const int64_t blocks = Packing(problem).blocks;
  pool.parallel_for(units.bands * units.parts, [&](int64_t index, int worker) {
    Scratch mine;
    lay_out_scratch(problem, units, scratch.data() + static_cast<size_t>(worker) * stride, &mine);
    const int64_t part = index / units.bands, band = index % units.bands;
    compute_band(kernel, problem, packed, maps, mine, units.strip_rows, units.first(band),
                 units.first(band + 1), blocks * part / units.parts,
                 blocks * (part + 1) / units.parts);
  });
}

size_t split_shared_bytes(const ConvProblem& problem) {
  return align_up(static_cast<size_t>(Planes(problem).bytes(problem, problem.out_height)));
}

void split_prepare(const SplitKernel& kernel, const ConvProblem& problem, const ConstMapView& input,
                   ThreadPool& pool, std::byte* shared) {
  const Planes planes(problem);
  const int64_t stride = planes.positions(problem, problem.out_height) * kSplitDepth;
  pool.parallel_for(problem.in_height, [&](int64_t y, int) {
    kernel.split({input.at(y, 0), input.pixel_stride, problem.in_width, problem.in_channels,
                  reinterpret_cast<uint16_t*>(shared) + y * problem.in_width * kSplitDepth,
                  planes.steps * stride, stride});
  });
}

void split_panel(const SplitKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
                 int64_t panel, int64_t first, int64_t last, const MapView& output,
                 const std::byte* shared) {
  ConvProblem rows = problem;
  rows.in_height = rows.out_height = last - first;
  ConvMaps maps{};
  maps.output = output;
  flatten(rows, maps);
  const Planes planes(rows);
  alignas(kTensorAlignment) float sums[2 * kSumFloats];
  int64_t tap = 0;
  SplitSums products(kernel, rows, packed, maps, planes, 0, panel * kSplitColumns, sums, &tap);
  kernel.begin();
  products.compute(
      {reinterpret_cast<const uint16_t*>(shared) + first * problem.in_width * kSplitDepth,
       Planes(problem).positions(problem, problem.out_height), rows.out_height, 0, nullptr},
      panel, panel + 1);
  products.finish();
  kernel.end();
}

}  // namespace shrike::kernels
